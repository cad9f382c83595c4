import { describe, expect, it } from 'vitest';
import { createDataset, imagesOf } from '../../src/data/dataset';
import { loadDataset } from '../../src/data/load';
import { preprocess } from '../../src/data/preprocess';
import { tf } from '../../src/engine/tensorflow';

/** 300 images (more than a batch) of 4x4x3; pixels differ from image to image. */
const colours = createDataset({
  name: 'colours',
  imageShape: [4, 4, 3],
  images: Uint8Array.from({ length: 300 * 48 }, (_, i) => (i * 31) % 256),
  labels: Int32Array.from({ length: 300 }, (_, i) => i % 2),
  classNames: ['a', 'b'],
  trainCount: 200,
});
const bytes = (image: number, row: number, column: number) =>
  [...colours.images.subarray(3 * (16 * image + 4 * row + column))].slice(0, 3);

describe('preprocess', () => {
  it('mean-pools squares of pixels without rounding, and keeps labels and parts', () => {
    const small = preprocess(colours, { resolution: 2 });
    expect(small).toMatchObject({
      imageShape: [2, 2, 3],
      count: 300,
      trainCount: 200,
      labels: colours.labels,
    });
    for (const image of [0, 255, 256, 299]) {
      const square = [bytes(image, 2, 0), bytes(image, 2, 1), bytes(image, 3, 0), bytes(image, 3, 1)];
      const mean = [0, 1, 2].map(c => square.reduce((sum, pixel) => sum + pixel[c], 0) / 4 / 127.5 - 1);
      const pooled = imagesOf(small, [image]).values.subarray(6, 9);
      // Float32 sums of four numbers up to 1.
      pooled.forEach((value, c) => expect(Math.abs(value - mean[c])).toBeLessThan(3e-7));
    }
  });

  it('makes images gray by the weights of ITU-R 601, in 8 bits', () => {
    const gray = preprocess(colours, { gray: true });
    expect(gray).toMatchObject({ imageShape: [4, 4, 1], count: 300, maximum: 255 });
    const [red, green, blue] = bytes(299, 3, 3);
    // Half a level of rounding, and float32 noise where two levels are equally near.
    const luma = 0.299 * red + 0.587 * green + 0.114 * blue;
    expect(Math.abs(gray.images[300 * 16 - 1] - luma)).toBeLessThan(0.501);
  });

  it('brings images to a size, and leaves them alone where there is nothing to do', () => {
    const data = preprocess(colours, { size: [2, 3], gray: true });
    expect(data).toMatchObject({ imageShape: [2, 3, 1], count: 300 });
    expect(preprocess(colours, { size: [4, 4], resolution: 4 })).toBe(colours);
  });

  it('refuses a resolution without whole squares, and a size that is none', () => {
    expect(() => preprocess(colours, { resolution: 3 })).toThrow(
      /4 x 4 have no means of squares at resolution 3/,
    );
    expect(() => preprocess(colours, { resolution: 8 })).toThrow(/resolution 8/);
    expect(() => preprocess(colours, { size: [0, 2] })).toThrow(/not \[0, 2\]/);
  });

  it('refuses what is no size or resolution before anything is loaded', async () => {
    const load = (given: object) => expect(loadDataset('/nowhere', given)).rejects;
    await load({ size: 16 }).toThrow(/\[height, width\] in whole pixels.*not 16/);
    await load({ size: [16] }).toThrow(/not \[16\]/);
    await load({ size: '16' }).toThrow(/not "16"/);
    await load({ resolution: 0 }).toThrow(/positive whole number.*not 0/);
    await load({ resolution: true }).toThrow(/not true/);
    expect(() => preprocess(colours, { resolution: 0 })).toThrow(/not 0/);
  });

  it('leaves no tensors behind', () => {
    const before = tf.memory().numTensors;
    preprocess(colours, { gray: true, size: [2, 2], resolution: 1 });
    expect(tf.memory().numTensors).toBe(before);
  });
});
