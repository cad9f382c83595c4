import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { download } from '../../src/data/download';

const root = mkdtempSync(path.join(tmpdir(), 'download-'));
const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256));
const md5 = createHash('md5').update(content).digest('hex');

/** What the server was asked for, and how it answers. */
let requests: { url?: string; range?: string }[];
let behaviour: 'whole' | 'breaks' | 'no ranges' | 'missing' | 'stalls';
const server = http.createServer((request, response) => {
  const { range } = request.headers;
  requests.push({ url: request.url, range });
  if (behaviour === 'missing') return response.writeHead(404).end();
  const start = range && behaviour !== 'no ranges' ? Number(/bytes=(\d+)-/.exec(range)![1]) : 0;
  if (start >= content.length) return response.writeHead(416).end();
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': content.length - start });
  if (behaviour === 'whole' || behaviour === 'no ranges') return response.end(content.subarray(start));
  response.write(content.subarray(start, start + 100_000), () => {
    if (behaviour === 'breaks') setTimeout(() => response.destroy(), 50);
  });
});

let mirror: string;
let cacheFolder: string;
const url = 'https://example.org/~data/numbers.tar.gz';
const options = () => ({ mirror, cacheFolder });

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/copies/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  requests = [];
  behaviour = 'whole';
  cacheFolder = mkdtempSync(path.join(root, 'cache-'));
});

describe('download', () => {
  it('fetches from the mirror once, and keeps the file', async () => {
    const seen: number[] = [];
    const file = await download(url, md5, {
      ...options(),
      onProgress: ({ done, total }) => seen.push(done / total),
    });
    expect(file).toBe(path.join(cacheFolder, 'numbers.tar.gz'));
    expect(readFileSync(file).equals(content)).toBe(true);
    expect(seen.at(-1)).toBe(1);
    expect(await download(url, md5, options())).toBe(file);
    expect(requests).toEqual([{ url: '/copies/numbers.tar.gz', range: undefined }]);
    expect(readdirSync(cacheFolder)).toEqual(['numbers.tar.gz']);
  });

  it('goes on where a broken download stopped', async () => {
    behaviour = 'breaks';
    await expect(download(url, md5, options())).rejects.toThrow(
      /Could not download .*goes on where it stopped/,
    );
    expect(readdirSync(cacheFolder)).toEqual(['numbers.tar.gz.partial']);
    behaviour = 'whole';
    const file = await download(url, md5, options());
    expect(requests[1].range).toBe('bytes=100000-');
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  it('starts again where the server gives no parts, or the part that is there is too long', async () => {
    writeFileSync(path.join(cacheFolder, 'numbers.tar.gz.partial'), 'something else');
    behaviour = 'no ranges';
    const file = await download(url, md5, options());
    expect(readFileSync(file).equals(content)).toBe(true);
    rmSync(file);
    writeFileSync(path.join(cacheFolder, 'numbers.tar.gz.partial'), Buffer.alloc(content.length + 1));
    behaviour = 'whole';
    expect(readFileSync(await download(url, md5, options())).equals(content)).toBe(true);
  });

  it('removes and refuses a file with another checksum', async () => {
    const wrong = download(url, '0'.repeat(32), options());
    await expect(wrong).rejects.toThrow(/numbers.tar.gz.partial is not the published file: its MD5 is/);
    expect(readdirSync(cacheFolder)).toEqual([]);
  });

  it('says what else can be done when the server has no such file, or is not there', async () => {
    behaviour = 'missing';
    const advice = /answered 404.*mirror in UNIMODAL_MIRROR, or put the file at .*numbers.tar.gz/;
    await expect(download(url, md5, options())).rejects.toThrow(advice);
    const nowhere = { cacheFolder, mirror: 'http://127.0.0.1:9/' };
    await expect(download(url, md5, nowhere)).rejects.toThrow(
      /Could not download http:\/\/127.0.0.1:9\/numbers/,
    );
  });

  it('stops when it is told to, and keeps what has arrived', async () => {
    behaviour = 'stalls';
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error('enough'));
    const stopped = download(url, md5, { ...options(), signal: controller.signal, onProgress });
    await expect(stopped).rejects.toThrow('enough');
    expect(existsSync(path.join(cacheFolder, 'numbers.tar.gz.partial'))).toBe(true);
  });

  it('names a cache folder that cannot be made', async () => {
    const file = path.join(cacheFolder, 'file');
    writeFileSync(file, '');
    await expect(download(url, md5, { mirror, cacheFolder: path.join(file, 'x') })).rejects.toThrow(
      /Could not write .*file\/x: a part of the path is a file/,
    );
  });
});
