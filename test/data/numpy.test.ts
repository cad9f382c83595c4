import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';
import { loadDataset } from '../../src/data/load';
import { encodeNpy, type NpyValues } from '../../src/store/npy';
import recorded from '../reference/recorded/npy.json';

const root = mkdtempSync(path.join(tmpdir(), 'numpy-'));
afterAll(() => rmSync(root, { recursive: true }));

const npy = (values: NpyValues, shape: number[]) => Buffer.concat(encodeNpy({ values, shape }));
const images = npy(
  Uint8Array.from({ length: 12 }, (_, i) => i),
  [3, 2, 2, 1],
);
const labels = npy(Uint8Array.of(0, 1, 0), [3]);

function file(name: string, bytes: Uint8Array): string {
  const location = path.join(root, name);
  writeFileSync(location, bytes);
  return location;
}
const npz = (name: string, arrays: Record<string, Uint8Array>) => {
  const entries = Object.entries(arrays).map(([array, bytes]) => [`${array}.npy`, bytes] as const);
  return file(`${name}.npz`, zipSync(Object.fromEntries(entries)));
};

describe('arrays of NumPy as a data set', () => {
  it('are read from a .npz that NumPy has written', async () => {
    const data = await loadDataset(file('ours.npz', Buffer.from(recorded.npz, 'base64')));
    expect(data).toMatchObject({ name: 'ours', imageShape: [2, 2, 1], count: 3, classNames: ['0', '1'] });
    expect(data.images).toEqual(Uint8Array.from({ length: 12 }, (_, i) => i));
    expect([...data.labels]).toEqual([0, 1, 0]);
  });

  it('are read from .npy files beside each other, float32 and without channels', async () => {
    const pixels = Float32Array.of(-1, 0, 0.5, 1);
    file('labels.npy', npy(BigInt64Array.of(1n, 0n), [2, 1]));
    const data = await loadDataset(file('images.npy', npy(pixels, [2, 1, 2])));
    expect(data).toMatchObject({
      name: 'images',
      imageShape: [1, 2, 1],
      images: pixels,
    });
    expect([...data.labels]).toEqual([1, 0]);
  });

  it.each([
    ['train_images', 'train_labels', 'test_images', 'test_labels'],
    ['x_train', 'y_train', 'x_test', 'y_test'],
  ])('come divided under the names %s, %s, %s, %s', async (...names) => {
    const parts = [images, labels, npy(Uint8Array.of(9, 9, 9, 9), [1, 2, 2, 1]), npy(Int32Array.of(2), [1])];
    const location = npz(names[0], Object.fromEntries(names.map((name, i) => [name, parts[i]])));
    const data = await loadDataset(location);
    expect(data).toMatchObject({ count: 4, trainCount: 3, classNames: ['0', '1', '2'] });
    expect([...data.labels]).toEqual([0, 1, 0, 2]);
    expect([...data.images.subarray(12)]).toEqual([9, 9, 9, 9]);
  });

  it.each([
    ['no labels', { images }, /no labels.npz\/labels.npy: images and labels come in pairs/],
    [
      'unknown names',
      { pictures: images, labels },
      /holds no images under a known name. Call the arrays images and labels/,
    ],
    [
      'images of int32',
      { images: npy(new Int32Array(12), [3, 2, 2, 1]), labels },
      /images.npy holds int32 of shape \[3, 2, 2, 1\], but images are uint8 or float32/,
    ],
    ['flat images', { images: npy(new Uint8Array(12), [3, 4]), labels }, /holds uint8 of shape \[3, 4\]/],
    [
      'float labels',
      { images, labels: npy(new Float32Array(3), [3]) },
      /labels.npy holds float32 of shape \[3\], but labels are integers/,
    ],
    [
      'one-hot labels',
      { images, labels: npy(new Uint8Array(6), [3, 2]) },
      /holds uint8 of shape \[3, 2\], but labels/,
    ],
    ['too few labels', { images, labels: npy(Uint8Array.of(0, 1), [2]) }, /has 2 labels/],
    ['negative labels', { images, labels: npy(Int8Array.of(0, -1, 1), [3]) }, /label -1/],
    [
      'unscaled images',
      { images: npy(new Float32Array(12).fill(200), [3, 2, 2, 1]), labels },
      /pixel 200 in image 0, outside \[-1, 1\]/,
    ],
    [
      'objects',
      { images: Buffer.from(recorded.refused[0].file, 'base64'), labels },
      /objects.npz\/images.npy is not a usable .npy file: it holds Python objects/,
    ],
    [
      'half a test part',
      { images, labels, test_images: images },
      /test_labels.npy: images and labels come in pairs/,
    ],
  ])('are refused with %s', async (name, arrays, message) => {
    await expect(loadDataset(npz(name, arrays as Record<string, Uint8Array>))).rejects.toThrow(message);
  });

  it('are refused by name when the archive is damaged, truncated or missing', async () => {
    const whole = zipSync({ 'images.npy': images, 'labels.npy': labels });
    const half = file('half.npz', whole.subarray(0, whole.length / 2));
    await expect(loadDataset(half)).rejects.toThrow(/half.npz is damaged, truncated or no .npz/);
    await expect(loadDataset('/nowhere/x.npz')).rejects.toThrow(/Could not read \/nowhere\/x.npz/);
    await expect(loadDataset(file('x.npy', images))).rejects.toThrow(/There is no .*labels/);
  });
});
