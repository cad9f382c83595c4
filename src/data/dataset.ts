/** Labelled images as plain values, and their parts: the first n, chosen ones, a seeded split. */
import type { TensorValue } from '../engine/values';
import { permutation } from './permutation';

/** Height, width and number of channels of an image. */
export type ImageShape = readonly [height: number, width: number, channels: number];

/** Images as a tensor value: float32 [N, H, W, C]. */
export interface Images extends TensorValue {
  readonly dtype: 'float32';
  readonly values: Float32Array;
}

/** Labelled images of one shape. */
export interface Dataset {
  readonly name: string;
  readonly imageShape: ImageShape;
  /** Pixels in [-1, 1], row-major [image, row, column, channel] (NHWC). */
  readonly images: Float32Array;
  /** Class of each image: an index into `classNames`. */
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
  /** Number of images. */
  readonly count: number;
}

/**
 * A data set from its parts, checked: the one way that loaders make one.
 * @param parts `labels` may be any integers below the number of classes; `images` and `labels` are kept, not copied
 * @throws RangeError when there are no images, fewer than two classes, counts that disagree, pixels outside [-1, 1] (or
 *   NaN), or labels without a class name
 */
export function createDataset(parts: Omit<Dataset, 'count'>): Dataset {
  const { name, imageShape, images, labels, classNames } = parts;
  const fail = (problem: string) => {
    throw new RangeError(`Data set "${name}" ${problem}`);
  };
  if (imageShape.length !== 3 || !imageShape.every(size => Number.isInteger(size) && size > 0)) {
    fail(`needs an image shape of height, width and channels, but it is [${imageShape.join(', ')}].`);
  }
  if (labels.length === 0) fail('has no images. Give at least one image of each of two classes.');
  const expected = labels.length * pixelCount(imageShape);
  if (images.length !== expected) {
    fail(
      `has ${labels.length} labels, so ${expected} pixels of ${imageShape.join(' x ')} images were expected, but there are ${images.length}. Give one label an image, and images of one size.`,
    );
  }
  const wrongPixel = images.findIndex(pixel => !(pixel >= -1 && pixel <= 1));
  if (wrongPixel >= 0) {
    fail(
      `has the pixel ${images[wrongPixel]} in image ${Math.floor(wrongPixel / pixelCount(imageShape))}, outside [-1, 1]. Scale the images: 8-bit pixels p become p / 127.5 - 1.`,
    );
  }
  const wrongLabel = labels.findIndex(label => label < 0 || label >= classNames.length);
  if (wrongLabel >= 0) {
    fail(
      `gives image ${wrongLabel} the label ${labels[wrongLabel]}, but there are ${classNames.length} class names. Labels count from 0.`,
    );
  }
  if (labels.every(label => label === labels[0])) {
    fail(
      `has images of one class only ("${classNames[labels[0]]}"). A probe needs at least two classes to tell apart.`,
    );
  }
  return { name, imageShape, images, labels, classNames, count: labels.length };
}

/** Number of values of one image. */
export function pixelCount([height, width, channels]: ImageShape): number {
  return height * width * channels;
}

/**
 * The first n images, so that smaller subsets are inside larger ones: take(d, 64) begins with take(d, 32). Shares memory
 * with the data set.
 * @throws RangeError when n is not a whole number from 1 to the number of images
 */
export function take(dataset: Dataset, n: number): Dataset {
  if (!Number.isInteger(n) || n < 1 || n > dataset.count) {
    throw new RangeError(
      `Cannot take ${n} images of "${dataset.name}": it has ${dataset.count}. Ask for a whole number from 1 to ${dataset.count}.`,
    );
  }
  return {
    ...dataset,
    images: dataset.images.subarray(0, n * pixelCount(dataset.imageShape)),
    labels: dataset.labels.subarray(0, n),
    count: n,
  };
}

/**
 * The images with the given indices, in the given order (an index may repeat).
 * @throws RangeError when there is no index, or one that is not an image's
 */
export function select(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  const images = imagesOf(dataset, indices);
  return {
    ...dataset,
    images: images.values,
    labels: Int32Array.from(indices, i => dataset.labels[i]),
    count: indices.length,
  };
}

/**
 * The images of a data set as a tensor value, all or those with the given indices.
 * @returns float32 [N, H, W, C]; without indices it shares memory with the data set
 * @throws RangeError when there is no index, or one that is not an image's
 */
export function imagesOf(dataset: Dataset, indices?: ArrayLike<number>): Images {
  if (!indices) {
    return { dtype: 'float32', shape: [dataset.count, ...dataset.imageShape], values: dataset.images };
  }
  if (indices.length === 0) throw new RangeError(`Choose at least one image of "${dataset.name}".`);
  const size = pixelCount(dataset.imageShape);
  const values = new Float32Array(indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i];
    if (!Number.isInteger(index) || index < 0 || index >= dataset.count) {
      throw new RangeError(
        `"${dataset.name}" has no image ${index}: its images are numbered 0 to ${dataset.count - 1}.`,
      );
    }
    values.set(dataset.images.subarray(index * size, (index + 1) * size), i * size);
  }
  return { dtype: 'float32', shape: [indices.length, ...dataset.imageShape], values };
}

/**
 * A random split: `pool` images to train on (take the first n of it) and all the others to test with. The same seed gives
 * the same split on every machine.
 * @throws RangeError when the pool or the test part would be empty, or the seed is not an integer from 0
 */
export function split(
  dataset: Dataset,
  { pool, seed }: { pool: number; seed: number },
): { pool: Dataset; test: Dataset } {
  if (!Number.isInteger(pool) || pool < 1 || pool >= dataset.count) {
    throw new RangeError(
      `Cannot split "${dataset.name}" at ${pool}: it has ${dataset.count} images. Give a pool of 1 to ${dataset.count - 1}; the others are for testing.`,
    );
  }
  const order = permutation(dataset.count, seed);
  return { pool: select(dataset, order.subarray(0, pool)), test: select(dataset, order.subarray(pool)) };
}

/** The mean image, [H, W, C]. */
export function meanImage(dataset: Dataset): Float32Array {
  const size = pixelCount(dataset.imageShape);
  const sum = new Float64Array(size);
  for (let i = 0; i < dataset.images.length; i++) sum[i % size] += dataset.images[i];
  return Float32Array.from(sum, total => total / dataset.count);
}
