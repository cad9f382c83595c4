/** The parts of the kernel that are plain functions. */
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { toCodePoints, toOffset } from '../../kernel/cells/positions';
import { encodePng } from '../../kernel/display/png';
import { renderTable } from '../../kernel/display/table';
import { renderTensor } from '../../kernel/display/tensor';
import { History } from '../../kernel/protocol/history';
import { MessageCodec } from '../../kernel/protocol/message';
import { resolveExports } from '../../kernel/runtime/exports';

describe('the cache of transpiled modules', () => {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- plain JavaScript without types
  const { pruneCache } = require('../../kernel/typescript-hook.cjs') as {
    pruneCache: (folder: string) => void;
  };

  it('loses what was not read for a month', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'cache-'));
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);
    for (const days of [0, 29, 31]) {
      const file = path.join(folder, `${days}.js`);
      writeFileSync(file, '');
      utimesSync(file, daysAgo(days), daysAgo(400));
    }
    pruneCache(folder);
    expect(readdirSync(folder).sort()).toEqual(['0.js', '29.js']);
    rmSync(folder, { recursive: true });
  });
});

describe('positions', () => {
  it('count an emoji once in the protocol and twice in TypeScript', () => {
    expect(toOffset('a😀b', 2)).toBe(3);
    expect(toCodePoints('a😀b', 3)).toBe(2);
  });
});

describe('messages', () => {
  const codec = new MessageCodec('secret');
  const frames = codec.encode('status', { execution_state: 'busy' }, undefined, [Buffer.from('client')]);

  it('come back as they were sent', () => {
    const { header, content, identities } = codec.decode(frames);
    expect([header.msg_type, content, String(identities[0])]).toEqual([
      'status',
      { execution_state: 'busy' },
      'client',
    ]);
  });

  it('are refused when another key signed them, or when they are cut', () => {
    expect(() => new MessageCodec('other').decode(frames)).toThrow('wrong signature');
    expect(() => codec.decode(frames.slice(0, 4))).toThrow('malformed message');
  });
});

describe('history', () => {
  const history = new History();
  ['a1', 'b2', 'a1'].forEach((input, index) => history.add(index + 1, input));

  it('searches with * and ?, and without repeats when asked', () => {
    const search = { hist_access_type: 'search', pattern: 'a?' };
    expect(history.request(search).map(([, line]) => line)).toEqual([1, 3]);
    expect(history.request({ ...search, unique: true }).map(([, line]) => line)).toEqual([3]);
  });

  it('gives the newest, as many as asked for', () => {
    for (const access of ['search', 'tail']) {
      const lines = (n: number) => history.request({ hist_access_type: access, n }).map(([, line]) => line);
      expect([lines(0), lines(2)]).toEqual([[], [2, 3]]);
    }
  });

  it('gives a range of this session, and nothing of others', () => {
    const range = { hist_access_type: 'range', start: 2, stop: 3 };
    expect(history.request({ ...range, session: 0 })).toEqual([[1, 2, 'b2']]);
    expect(history.request({ ...range, session: -1 })).toEqual([]);
  });
});

describe('package exports', () => {
  const exports = {
    '.': { source: './src/index.ts', import: './esm.js', default: './cjs.js' },
    './a/*': './lib/*.js',
    './a/b/*': { import: './deep/*.mjs' },
    './hidden': null,
  };

  it.each([
    ['.', ['source'], './src/index.ts'],
    ['.', ['require'], './cjs.js'],
    ['./a/x', [], './lib/x.js'],
    ['./a/b/x', ['import'], './deep/x.mjs'],
    ['./hidden', [], undefined],
    ['./other', [], undefined],
  ])('of %s under %j are %s', (subpath, conditions, file) => {
    expect(resolveExports(exports, subpath, conditions)).toBe(file);
  });

  it('are none where a package.json has no such member', () => {
    expect(resolveExports(undefined, '.', [])).toBeUndefined();
    expect(resolveExports(null, '.', [])).toBeUndefined();
  });

  it('may be a single file', () => {
    expect(resolveExports('./main.js', '.', [])).toBe('./main.js');
  });
});

describe('pictures', () => {
  it('are PNG files with the pixels that were given', () => {
    const pixels = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
    const decoded = ([1, 3, 4] as const).map(channels => {
      const { data } = PNG.sync.read(encodePng(pixels.subarray(0, 2 * channels), 2, 1, channels));
      return [...data];
    });
    expect(decoded).toEqual([
      [1, 1, 1, 255, 2, 2, 2, 255],
      [1, 2, 3, 255, 4, 5, 6, 255],
      [1, 2, 3, 4, 5, 6, 7, 8],
    ]);
  });
});

describe('tables', () => {
  const frame = {
    columns: ['<i>'],
    index: [0, 1],
    values: [['&'], [1 / 3]],
    dtypes: ['string'],
    shape: [2, 1],
  };

  it('escape what they contain', () => {
    expect(renderTable(frame)?.['text/html']).toMatch(/&lt;i&gt;.*&amp;.*0\.333333/s);
  });

  it('are not seen in other objects', () => {
    expect(renderTable({ columns: [], values: [] })).toBeUndefined();
  });
});

describe('tensors', () => {
  it('are printed a row a line', () => {
    const tensor = { shape: [2, 2], dtype: 'int32', dataSync: () => Int32Array.from([1, 2, 3, 4]) };
    expect(renderTensor(tensor)).toEqual({
      'text/plain': 'Tensor int32 [2, 2]\nmin 1  mean 2.5  max 4  deviation 1.118\n[[1, 2],\n [3, 4]]',
    });
  });

  it('say when they are disposed', () => {
    const tensor = { shape: [1], dtype: 'int32', isDisposed: true, dataSync: () => [] };
    expect(renderTensor(tensor)?.['text/plain']).toBe('Tensor int32 [1], disposed');
  });
});
