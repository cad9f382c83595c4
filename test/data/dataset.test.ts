import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createDataset, fingerprint, imagesOf, meanImage, select, split, take } from '../../src/data/dataset';
import { permutation, xoshiro128 } from '../../src/data/permutation';
import { gatherImages, residentImages } from '../../src/data/pixels';
import { compile } from '../../src/engine/compile';
import { tf } from '../../src/engine/tensorflow';
import { int32 } from '../../src/engine/values';
import { createVariables } from '../../src/engine/variables';
import recorded from '../reference/recorded/permutation.json';

const classNames = ['a', 'b'];

/** n images of 1x2x1 whose first pixel tells which image it is. */
function numbered(n: number) {
  return createDataset({
    name: 'numbered',
    imageShape: [1, 2, 1],
    images: Float32Array.from({ length: 2 * n }, (_, i) => (i % 2 === 0 ? i / 2 / 64 : -1)),
    labels: Int32Array.from({ length: n }, (_, i) => i % 2),
    classNames,
  });
}

const identities = (images: Iterable<number>) =>
  [...images].filter((_, i) => i % 2 === 0).map(pixel => pixel * 64);

describe('createDataset', () => {
  const parts = {
    name: 'mine',
    imageShape: [1, 1, 1] as const,
    images: new Float32Array([-1, 0, 1]),
    labels: new Int32Array([0, 1, 0]),
    classNames,
  };

  it('counts the images', () => {
    expect(createDataset(parts).count).toBe(3);
  });

  it.each([
    ['no images', { images: new Float32Array(0), labels: new Int32Array(0) }, /"mine" has no images/],
    ['a missing label', { labels: new Int32Array([0, 1]) }, /2 labels, so 2 pixels .* but there are 3/],
    ['one class', { labels: new Int32Array([1, 1, 1]) }, /one class only \("b"\)/],
    [
      'a label without a class',
      { labels: new Int32Array([0, 2, 0]) },
      /image 1 the label 2, but there are 2/,
    ],
    ['a negative label', { labels: new Int32Array([0, 1, -1]) }, /image 2 the label -1/],
    [
      '8-bit pixels',
      { images: new Float32Array([0, 255, 3]) },
      /pixel 255 in image 1, outside \[-1, 1\].*as a Uint8Array/,
    ],
    ['a pixel that is no number', { images: new Float32Array([0, 0, NaN]) }, /pixel NaN in image 2/],
    [
      'bytes above their maximum',
      { images: Uint8Array.of(0, 17, 3), maximum: 16 },
      /pixel 17 in image 1, outside \[0, 16\]/,
    ],
    ['a division without test images', { trainCount: 3 }, /3 images cannot have 3 for training/],
    [
      'masks of one class',
      { masks: { values: Uint8Array.of(1, 1, 1), classNames: ['background', 'ink'] } },
      /masks of one class only \("ink"\).*two classes of pixels/,
    ],
    ['an image shape with a zero', { imageShape: [1, 0, 1] as const }, /height, width and channels/],
  ])('refuses %s', (_, wrong, message) => {
    expect(() => createDataset({ ...parts, ...wrong })).toThrow(message);
  });
});

describe('take', () => {
  it('nests: the subset of 4 begins the subset of 8', () => {
    const eight = take(numbered(20), 8);
    expect(identities(eight.images)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(take(eight, 4)).toEqual(take(numbered(20), 4));
    expect([...take(eight, 4).labels]).toEqual([0, 1, 0, 1]);
  });

  it.each([0, 21, 1.5, NaN])('refuses to take %d of 20 images', n => {
    expect(() => take(numbered(20), n)).toThrow(/from 1 to 20/);
  });
});

describe('select', () => {
  it('takes images and labels in the order of the indices, repeats included', () => {
    const chosen = select(numbered(10), [7, 2, 7]);
    expect(identities(chosen.images)).toEqual([7, 2, 7]);
    expect([...chosen.labels]).toEqual([1, 0, 1]);
    expect(chosen.count).toBe(3);
  });

  it('refuses an index that is no image', () => {
    expect(() => select(numbered(10), [10])).toThrow(/no image 10: its images are numbered 0 to 9/);
    expect(() => select(numbered(10), [])).toThrow(/at least one/);
  });
});

describe('imagesOf', () => {
  it('is the NHWC tensor of all images, or of the chosen ones', () => {
    expect(imagesOf(numbered(3)).shape).toEqual([3, 1, 2, 1]);
    const chosen = imagesOf(numbered(3), [2]);
    expect(chosen.shape).toEqual([1, 1, 2, 1]);
    expect([...chosen.values]).toEqual([2 / 64, -1]);
  });
});

describe('8-bit images', () => {
  const bytes = createDataset({
    name: 'bytes',
    imageShape: [1, 3, 1],
    images: Uint8Array.of(0, 1, 254, 255, 127, 128, 3, 200, 77),
    labels: Int32Array.of(0, 1, 0),
    classNames,
  });
  const { imageShape, labels, name } = bytes;
  const floats = createDataset({ name, imageShape, images: imagesOf(bytes).values, labels, classNames });

  it('stand for p / 127.5 - 1 in float32, or for p / (maximum / 2) - 1', () => {
    const { values } = imagesOf(bytes);
    bytes.images.forEach((p, i) => expect(values[i]).toBe(Math.fround(Math.fround(p / 127.5) - 1)));
    const digits = imagesOf({ ...bytes, images: Uint8Array.of(0, 8, 16), maximum: 16 }, [0]);
    expect([...digits.values]).toEqual([-1, 0, 1]);
  });

  it('have the mean and the fingerprint of the same images in float32', () => {
    expect(meanImage(bytes)).toEqual(meanImage(floats));
    expect(fingerprint(bytes)).toBe(fingerprint(floats));
    const { values } = imagesOf(floats);
    expect(fingerprint(floats)).toBe(
      createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex'),
    );
    expect(fingerprint(take(bytes, 2))).not.toBe(fingerprint(bytes));
  });

  // Three bytes an image: rows are filled up to whole words. Four: they are taken as they are.
  it.each([true, false])('are gathered on the device as they are here (compiled: %s)', async compiled => {
    for (const dataset of [
      bytes,
      floats,
      { ...bytes, imageShape: [1, 4, 1] as const, images: Uint8Array.from({ length: 12 }, (_, i) => 21 * i) },
    ]) {
      const before = tf.memory().numTensors;
      const variables = createVariables({ images: residentImages(dataset) }, { compile: compiled });
      const gather = compile(
        ({ chosen }) => ({ images: gatherImages(variables.tensors.images, chosen as tf.Tensor1D, dataset) }),
        { variables },
      );
      const { images } = await gather({ chosen: int32([2, 0, 2, 1]) });
      expect(images).toEqual(imagesOf(dataset, [2, 0, 2, 1]));
      variables.dispose();
      expect(tf.memory().numTensors).toBe(before);
    }
  });
});

describe('meanImage', () => {
  it('averages each pixel over the images', () => {
    // (0 + 1 + 2 + 3) / 4 / 64, exact in binary
    expect([...meanImage(numbered(4))]).toEqual([1.5 / 64, -1]);
  });
});

describe('split', () => {
  it('parts the images: every one is in the pool or in the test part, with its label', () => {
    const { pool, test } = split(numbered(50), { pool: 30, seed: 1 });
    const all = [...identities(pool.images), ...identities(test.images)];
    expect([pool.count, test.count]).toEqual([30, 20]);
    expect([...all].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect([...pool.labels, ...test.labels]).toEqual(all.map(i => i % 2));
  });

  it('depends on the seed alone', () => {
    const pool = (seed: number) => identities(split(numbered(50), { pool: 30, seed }).pool.images);
    expect(pool(1)).toEqual(pool(1));
    expect(pool(1)).not.toEqual(pool(2));
  });

  it('draws pool and test images from the official parts, nested in either number', () => {
    const divided = createDataset({ ...numbered(50), trainCount: 30 });
    const { pool, test } = split(divided, { pool: 30, seed: 1 });
    expect([...identities(pool.images)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 30 }, (_, i) => i),
    );
    expect(Math.min(...identities(test.images))).toBe(30);
    expect(test.count).toBe(20);
    const smaller = split(divided, { pool: 8, test: 5, seed: 1 });
    expect(smaller).toEqual({ pool: take(pool, 8), test: take(test, 5) });
    expect(() => split(divided, { pool: 31, seed: 1 })).toThrow(/pool of 1 to 30/);
    expect(() => split(divided, { pool: 8, test: 21, seed: 1 })).toThrow(
      /has 1 to 20 images to test with, not 21/,
    );
  });

  it('refuses a pool that leaves nothing to test with', () => {
    expect(() => split(numbered(50), { pool: 50, seed: 1 })).toThrow(/pool of 1 to 49/);
    expect(() => split(numbered(50), { pool: 30, seed: -1 })).toThrow(/seed is an integer from 0/);
  });
});

describe('permutation', () => {
  it('draws from xoshiro128**, as written from its definition in Python', () => {
    const next = xoshiro128(recorded.state as [number, number, number, number]);
    expect(recorded.outputs.map(() => next())).toEqual(recorded.outputs);
  });

  it('gives every order of three things equally often', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed++) {
      const order = permutation(3, seed).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // Chi-squared with 5 degrees of freedom exceeds 20.5 with probability 0.001.
    const chiSquared = [...counts.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    expect(chiSquared).toBeLessThan(20.5);
  });

  it('uses all bits of a large seed', () => {
    expect(permutation(20, 2 ** 32 + 1)).not.toEqual(permutation(20, 1));
    expect(permutation(20, Number.MAX_SAFE_INTEGER)).toHaveLength(20);
  });
});
