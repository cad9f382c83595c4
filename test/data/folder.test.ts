import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { imagesOf } from '../../src/data/dataset';
import { loadImageFolder } from '../../src/data/folder';
import { resizeToCover } from '../../src/data/resize';
import { tf } from '../../src/engine/tensorflow';
import { tarGzOf, tarOf } from './archives';
import recorded from '../reference/recorded/resize.json';

const root = mkdtempSync(join(tmpdir(), 'folder-'));
afterAll(() => rmSync(root, { recursive: true }));

type Encoder = (image: tf.Tensor3D) => Promise<Uint8Array>;
const png: Encoder = image => tf.node.encodePng(image);
const jpeg: Encoder = image => tf.node.encodeJpeg(image, '', 100);

async function encoded(pixels: number[], shape: [number, number, number], encode = png): Promise<Uint8Array> {
  const image = tf.tensor3d(pixels, shape, 'int32');
  const bytes = await encode(image);
  image.dispose();
  return bytes;
}

/** A folder of the given files; names are class/image. */
function folderOf(name: string, files: Record<string, Uint8Array | string>): string {
  const folder = join(root, name);
  mkdirSync(folder);
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

const red = () => encoded([255, 0, 0, 255, 0, 0], [1, 2, 3]);
const gradient = () => encoded([0, 51, 255, 102, 153, 204], [1, 2, 3]);
/** Pixels p in 0..255 as p / 127.5 - 1. */
const scaled = (pixels: number[]) => pixels.map(p => Math.fround(p / 127.5 - 1));

describe('loadImageFolder', () => {
  it('reads classes and images in the order of their names, pixels in [-1, 1]', async () => {
    const folder = folderOf('colours', {
      'b/1.png': await red(),
      'a/2.PNG': await gradient(),
      'a/10.jpeg': await encoded(Array<number>(6).fill(128), [1, 2, 3], jpeg),
      'a/notes.txt': 'not an image',
      '.cache/x.png': 'hidden',
    });
    const data = await loadImageFolder(folder);
    expect(data).toMatchObject({ name: 'colours', imageShape: [1, 2, 3], classNames: ['a', 'b'], count: 3 });
    expect([...data.labels]).toEqual([0, 0, 1]);
    const [grey, exact, last] = [0, 1, 2].map(i => [...imagesOf(data, [i]).values]);
    grey.forEach(pixel => expect(Math.abs(pixel - 0.5 / 127.5)).toBeLessThan(2.1 / 127.5)); // JPEG: two grey levels
    exact.forEach((pixel, i) => expect(pixel).toBeCloseTo(scaled([0, 51, 255, 102, 153, 204])[i], 6)); // PNG
    expect(last).toEqual(scaled([255, 0, 0, 255, 0, 0]));
  });

  it('reads grey images, and drops transparency', async () => {
    const folder = folderOf('grey', {
      'a/1.png': await encoded([10, 200], [1, 2, 1]),
      'b/1.png': await encoded([10, 10, 10, 0, 200, 200, 200, 255], [1, 2, 4]),
    });
    const data = await loadImageFolder(folder, { gray: true });
    expect(data.imageShape).toEqual([1, 2, 1]);
    [10, 200, 10, 200].forEach((p, i) => expect(Math.abs(data.images[i] - p)).toBeLessThan(1.01));
  });

  it('brings images of mixed size to the size that is asked for', async () => {
    const folder = folderOf('sizes', {
      'a/1.png': await encoded(Array<number>(5 * 7 * 3).fill(51), [5, 7, 3]),
      'b/1.png': await encoded(Array<number>(2 * 2 * 3).fill(204), [2, 2, 3]),
    });
    const data = await loadImageFolder(folder, { size: [4, 3] });
    expect(data.imageShape).toEqual([4, 3, 3]);
    // Constant images stay constant, as the filter's weights sum to 1.
    data.images.forEach((pixel, i) => expect(pixel).toBe(i < 36 ? 51 : 204));
  });

  it('reports progress, and stops when it is told to', async () => {
    const folder = folderOf('progress', { 'a/1.png': await red(), 'b/1.png': await red() });
    const seen: number[] = [];
    const controller = new AbortController();
    await loadImageFolder(folder, { onProgress: ({ done, total }) => seen.push(done / total) });
    expect(seen).toEqual([0.5, 1]);
    const stopped = loadImageFolder(folder, {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(stopped).rejects.toThrow('enough');
  });

  it('leaks no tensors, damaged images included', async () => {
    const folder = folderOf('leaks', { 'a/1.png': await red(), 'b/1.png': (await red()).slice(0, 40) });
    const before = tf.memory().numTensors;
    await expect(loadImageFolder(folder, { size: [3, 3] })).rejects.toThrow(/damaged/);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses a folder that is not there, empty, or not sorted into classes', async () => {
    await expect(loadImageFolder(join(root, 'nowhere'))).rejects.toThrow(
      /Cannot read .*nowhere. Does it exist/,
    );
    await expect(loadImageFolder(folderOf('empty', {}))).rejects.toThrow(/has 0 images and no folders/);
    const flat = folderOf('flat', { '1.png': await red() });
    await expect(loadImageFolder(flat)).rejects.toThrow(/1 images and no folders.*named after their classes/);
    const one = folderOf('one', { 'a/1.png': await red() });
    await expect(loadImageFolder(one)).rejects.toThrow(/at least two classes, but it has the one folder "a"/);
    const parts = folderOf('parts', {
      'train/a/1.png': await red(),
      'train/b/1.png': await red(),
      'test/c/1.png': await red(),
    });
    await expect(loadImageFolder(parts)).rejects.toThrow(
      /parts\/test has the class "c", of which there are no images/,
    );
    const untested = folderOf('untested', { 'test/a/1.png': await red(), 'val/b/1.png': await red() });
    await expect(loadImageFolder(untested)).rejects.toThrow(
      /holds the parts test, val: with train there must be test/,
    );
    const deep = folderOf('deep', {
      'a/1.png': await red(),
      'b/more/1.png': await red(),
      'b/1.png': await red(),
    });
    await expect(loadImageFolder(deep)).rejects.toThrow(/b\/more\/1.png in .*deep lies deeper/);
    const hollow = folderOf('hollow', { 'a/1.png': await red(), 'b/readme.txt': '' });
    await expect(loadImageFolder(hollow)).rejects.toThrow(/class folder .*hollow\/b has no .png/);
  });

  it('follows links, and names one that leads to nothing', async () => {
    const other = folderOf('elsewhere', { '1.png': await red() });
    const folder = folderOf('links', { 'a/1.png': await red() });
    symlinkSync(other, join(folder, 'b'));
    expect(await loadImageFolder(folder)).toMatchObject({ count: 2, classNames: ['a', 'b'] });
    symlinkSync(join(root, 'nowhere'), join(folder, 'a', '2.png'));
    await expect(loadImageFolder(folder)).rejects.toThrow(/links\/a\/2.png is a link that leads to nothing/);
  });

  it('refuses images of mixed size, naming the image and the remedy', async () => {
    const folder = folderOf('mixed', {
      'a/1.png': await red(),
      'b/wide.png': await encoded(Array<number>(9).fill(0), [1, 3, 3]),
    });
    await expect(loadImageFolder(folder)).rejects.toThrow(/wide.png is 1 x 3 .* is 1 x 2.*size: \[1, 2\]/);
  });

  it.each([
    ['text', () => Promise.resolve<string | Uint8Array>('hello')],
    ['an empty file', () => Promise.resolve('')],
    ['half a PNG', async () => (await gradient()).slice(0, 50)],
    [
      'half a JPEG',
      async () => {
        const whole = await encoded(
          Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * 37) % 256),
          [32, 32, 3],
          jpeg,
        );
        return whole.slice(0, whole.length / 2);
      },
    ],
  ])('refuses %s in an image file by its name', async (name, bytes) => {
    const folder = folderOf(`damaged-${name}`, { 'a/good.png': await red(), 'b/bad.png': await bytes() });
    await expect(loadImageFolder(folder)).rejects.toThrow(/bad.png is damaged, or not a PNG or JPEG/);
  });

  it('refuses a size that is none', async () => {
    await expect(loadImageFolder(root, { size: [0, 3] })).rejects.toThrow(/whole pixels.*not \[0, 3\]/);
  });
});

describe('parts and archives', () => {
  const divided = async () => ({
    'data/test/a/1.png': await red(),
    'data/train/b/1.png': await red(),
    'data/train/a-c/2.png': await gradient(),
    'data/train/a/1.png': await gradient(),
    'data/test/b/2.png': await gradient(),
    'data/readme.txt': 'about',
    '._data': 'hidden',
  });

  it('reads train and test parts, inside one folder around everything', async () => {
    const data = await loadImageFolder(folderOf('divided', await divided()));
    expect(data).toMatchObject({ name: 'divided', classNames: ['a', 'a-c', 'b'], trainCount: 3, count: 5 });
    expect([...data.labels]).toEqual([0, 1, 2, 0, 2]);
    const pixels = (i: number) => [...data.images.subarray(6 * i, 6 * i + 6)];
    expect(pixels(0)).toEqual(pixels(1));
    expect(pixels(2)).toEqual([255, 0, 0, 255, 0, 0]);
    expect(pixels(3)).toEqual(pixels(2));
    expect(pixels(4)).toEqual([0, 51, 255, 102, 153, 204]);
  });

  it.each(['pictures.tar', 'pictures.tar.gz', 'pictures.tgz'])(
    'reads %s as the folder that it holds',
    async name => {
      const files = { 'data/': { type: 'directory' as const }, ...(await divided()) };
      const archive = join(root, name);
      writeFileSync(archive, name.endsWith('.tar') ? await tarOf(files) : await tarGzOf(files));
      const folder = folderOf(`as-${name}`, await divided());
      const data = await loadImageFolder(archive);
      expect(data).toEqual({ ...(await loadImageFolder(folder)), name: 'pictures' });
    },
  );

  it.each([
    ['a path upwards', { 'a/../../x.png': '' }, /"a\/\.\.\/\.\.\/x.png" would lie outside the folder/],
    ['an absolute path', { '/etc/x.png': '' }, /"\/etc\/x.png" would lie outside/],
    [
      'a symbolic link',
      { 'a/x.png': { type: 'symlink' as const, linkname: '/etc/passwd' } },
      /"a\/x.png" is a symlink to "\/etc\/passwd"/,
    ],
    ['a hard link', { 'a/x.png': { type: 'link' as const, linkname: 'a/y.png' } }, /"a\/x.png" is a link to/],
    ['a device', { 'a/x.png': { type: 'character-device' as const } }, /is a character-device, no file/],
  ])('refuses an archive with %s, by its name', async (name, wrong, message) => {
    const archive = join(root, `${name}.tar.gz`);
    writeFileSync(archive, await tarGzOf({ ...(await divided()), ...wrong }));
    await expect(loadImageFolder(archive)).rejects.toThrow(message);
    await expect(loadImageFolder(archive)).rejects.toThrow(archive);
  });

  it('refuses an archive that holds a file twice, is truncated, or is none', async () => {
    const whole = await tarGzOf(await divided());
    const tar = await tarOf(await divided());
    const twice = Buffer.concat([tar.subarray(0, -1024), tar]);
    for (const [name, bytes, message] of [
      ['twice', twice, /holds "data\/test\/a\/1.png" twice/],
      ['half', whole.subarray(0, whole.length / 2), /half.tar is refused: it is damaged, truncated or no/],
      [
        'half-tar',
        tar.subarray(0, tar.length / 2 + 100),
        /half-tar.tar is refused: it is damaged, truncated/,
      ],
      ['text', Buffer.from('hello'.repeat(200)), /text.tar is refused: it is damaged/],
      ['nothing', Buffer.alloc(0), /nothing.tar needs a folder of images/],
    ] as const) {
      const archive = join(root, `${name}.tar`);
      writeFileSync(archive, bytes);
      await expect(loadImageFolder(archive)).rejects.toThrow(message);
    }
  });

  it('names the archive and the damaged image in it, writes nothing, and stops when it is told to', async () => {
    const folder = folderOf('alone', {});
    const archive = join(folder, 'x.tar');
    writeFileSync(
      archive,
      await tarOf({ 'a/good.png': await red(), 'b/bad.png': (await red()).subarray(0, 40) }),
    );
    await expect(loadImageFolder(archive)).rejects.toThrow(/alone\/x.tar\/b\/bad.png is damaged/);
    const stopped = loadImageFolder(archive, { signal: AbortSignal.abort(new Error('enough')) });
    await expect(stopped).rejects.toThrow('enough');
    expect(readdirSync(folder)).toEqual(['x.tar']);
  });

  const real = resolve(__dirname, '../../../shared/data/cifar10.tar.gz');
  it.skipIf(!existsSync(real))(
    'decodes the images of a real archive that is beside the project',
    async () => {
      // Only its listing and first images: the whole takes a while.
      const controller = new AbortController();
      const seen: number[] = [];
      const loading = loadImageFolder(real, {
        signal: controller.signal,
        onProgress: ({ done, total }) => {
          seen.push(total);
          if (done === 100) controller.abort(new Error('seen enough'));
        },
      });
      await expect(loading).rejects.toThrow('seen enough');
      expect(seen).toEqual(Array(100).fill(60_000));
    },
  );
});

describe('resizeToCover', () => {
  it.each(recorded.cases)('scales and cuts to $size as Pillow does', ({ size, resized }) => {
    const values = tf.tidy(() => {
      const image = tf.tensor3d(recorded.image, recorded.imageShape as [number, number, number]);
      return resizeToCover(image.expandDims(0), size as [number, number]).dataSync();
    });
    expect(values.length).toBe(resized.length);
    // Pixels of size 100 in float32, weights rounded in another order.
    resized.forEach((pixel, i) => expect(Math.abs(values[i] - pixel)).toBeLessThan(1e-3));
  });
});
