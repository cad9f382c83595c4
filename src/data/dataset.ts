/** Labelled images as plain values, and their parts: the first n, chosen ones, a seeded split. */
import { createHash } from 'node:crypto';
import type { TensorValue } from '../engine/values';
import { permutation } from './permutation';
import { pixelTable } from './pixels';

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
  /**
   * Pixels as they are stored, row-major [image, row, column, channel] (NHWC): float32 in [-1, 1], or 8 bits.
   * {@link imagesOf} gives the numbers to compute with.
   */
  readonly images: Float32Array | Uint8Array;
  /** The 8-bit pixel that stands for 1, where 0 stands for -1. Default 255. */
  readonly maximum?: number;
  /** Class of each image: an index into `classNames`. */
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
  /** Number of images. */
  readonly count: number;
  /** Where the makers of the data divided them: the first so many are for training, the others for testing. */
  readonly trainCount?: number;
  /** Where the images come segmented: whose each pixel is. */
  readonly masks?: Masks;
}

/** The class of each pixel. */
export interface Masks {
  /** [N, H, W]: indices into `classNames`; 0 is the background. */
  readonly values: Uint8Array;
  readonly classNames: readonly string[];
}

/**
 * A data set from its parts, checked: the one way that loaders make one.
 * @param parts `labels` may be any integers below the number of classes; `images` and `labels` are kept, not copied
 * @throws RangeError when there are no images, fewer than two classes (of pixels, where there are masks), counts that disagree,
 *   pixels outside [-1, 1] (or NaN) or above `maximum`, labels without a class name, or an official division with an empty part
 */
export function createDataset(parts: Omit<Dataset, 'count'>): Dataset {
  const { name, imageShape, images, maximum = 255, labels, classNames, trainCount } = parts;
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
  const [lowest, highest] = images instanceof Uint8Array ? [0, maximum] : [-1, 1];
  const wrongPixel = indexOutside(images, lowest, highest);
  if (wrongPixel >= 0) {
    fail(
      `has the pixel ${images[wrongPixel]} in image ${Math.floor(wrongPixel / pixelCount(imageShape))}, outside [${lowest}, ${highest}]. Give pixels of 8 bits as a Uint8Array, others scaled to [-1, 1].`,
    );
  }
  const wrongLabel = labels.findIndex(label => label < 0 || label >= classNames.length);
  if (wrongLabel >= 0) {
    fail(
      `gives image ${wrongLabel} the label ${labels[wrongLabel]}, but there are ${classNames.length} class names. Labels count from 0.`,
    );
  }
  requireMasks(parts);
  if (labels.every(label => label === labels[0]) && !parts.masks) {
    fail(
      `has images of one class only ("${classNames[labels[0]]}"). A probe needs at least two classes to tell apart.`,
    );
  }
  if (trainCount !== undefined && !(trainCount >= 1 && trainCount < labels.length)) {
    fail(`of ${labels.length} images cannot have ${trainCount} for training and at least one for testing.`);
  }
  return { ...parts, count: labels.length };
}

function requireMasks({ name, imageShape: [height, width], labels, masks }: Omit<Dataset, 'count'>): void {
  if (!masks) return;
  const expected = labels.length * height * width;
  if (masks.values.length !== expected) {
    throw new RangeError(
      `Data set "${name}" has masks of ${masks.values.length} pixels, but its images have ${expected}. Give a class for each pixel.`,
    );
  }
  const wrong = masks.values.findIndex(value => value >= masks.classNames.length);
  if (wrong >= 0) {
    throw new RangeError(
      `Data set "${name}" has the class ${masks.values[wrong]} in mask ${Math.floor(wrong / (height * width))}, but there are ${masks.classNames.length} names of classes. Classes count from 0.`,
    );
  }
  if (masks.values.every(value => value === masks.values[0])) {
    throw new RangeError(
      `Data set "${name}" has masks of one class only ("${masks.classNames[masks.values[0]]}"). Segmentation needs at least two classes of pixels to tell apart.`,
    );
  }
}

/** Index of the first number that does not lie in [lowest, highest], or -1. */
function indexOutside(numbers: Float32Array | Uint8Array, lowest: number, highest: number): number {
  for (let i = 0; i < numbers.length; i++) if (!(numbers[i] >= lowest && numbers[i] <= highest)) return i;
  return -1;
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
    trainCount: undefined,
    masks: dataset.masks && {
      ...dataset.masks,
      values: dataset.masks.values.subarray(0, n * maskSize(dataset)),
    },
  };
}

/**
 * The images with the given indices, in the given order (an index may repeat).
 * @throws RangeError when there is no index, or one that is not an image's
 */
export function select(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  return {
    ...dataset,
    images: gather(dataset, indices),
    labels: Int32Array.from(indices, i => dataset.labels[i]),
    count: indices.length,
    trainCount: undefined,
    masks: dataset.masks && {
      ...dataset.masks,
      values: rowsOf(dataset.masks.values, maskSize(dataset), indices),
    },
  };
}

const maskSize = ({ imageShape: [height, width] }: Dataset) => height * width;

/** Stored pixels of the chosen images. */
function gather(dataset: Dataset, indices: ArrayLike<number>): Dataset['images'] {
  const { name, imageShape, images, count } = dataset;
  if (indices.length === 0) throw new RangeError(`Choose at least one image of "${name}".`);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i];
    if (!Number.isInteger(index) || index < 0 || index >= count) {
      throw new RangeError(`"${name}" has no image ${index}: its images are numbered 0 to ${count - 1}.`);
    }
  }
  return rowsOf(images, pixelCount(imageShape), indices);
}

/** The chosen rows of so many numbers each. */
function rowsOf<T extends Uint8Array | Float32Array>(values: T, size: number, indices: ArrayLike<number>): T {
  const chosen = new (values.constructor as new (length: number) => T)(indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    chosen.set(values.subarray(indices[i] * size, (indices[i] + 1) * size), i * size);
  }
  return chosen;
}

/**
 * The images of a data set as a tensor value, all or those with the given indices: 8-bit pixels p become
 * p / (maximum / 2) - 1.
 * @returns float32 [N, H, W, C]; all of a data set that is float32 already share its memory
 * @throws RangeError when there is no index, or one that is not an image's
 */
export function imagesOf(dataset: Dataset, indices?: ArrayLike<number>): Images {
  const stored = indices ? gather(dataset, indices) : dataset.images;
  const shape = [indices?.length ?? dataset.count, ...dataset.imageShape];
  return { dtype: 'float32', shape, values: toFloat(stored, dataset) };
}

function toFloat(stored: Dataset['images'], dataset: Dataset): Float32Array {
  if (stored instanceof Float32Array) return stored;
  const table = pixelTable(dataset.maximum);
  const values = new Float32Array(stored.length);
  for (let i = 0; i < stored.length; i++) values[i] = table[stored[i]];
  return values;
}

/** The images in order, some megabytes at a time, so that float32 copies of all never stand beside each other. */
function* pieces(dataset: Dataset): Generator<Float32Array> {
  const length = 1024 * pixelCount(dataset.imageShape);
  for (let start = 0; start < dataset.images.length; start += length) {
    yield toFloat(dataset.images.subarray(start, start + length), dataset);
  }
}

/** How {@link split} divides. */
export interface SplitOptions {
  /** Number of images to train on. */
  readonly pool: number;
  /** Number of images to test with. Default: all the others. */
  readonly test?: number;
  /** Decides which; the same on every machine. */
  readonly seed: number;
}

/**
 * A random split: `pool` images to train on (take the first n of it) and others to test with. Where the data come divided,
 * the pool is drawn from their training part and the test images from their test part.
 * @throws RangeError when the pool or the test part would be empty or larger than what it is drawn from, or the seed is
 *   not an integer from 0
 */
export function split(
  dataset: Dataset,
  { pool, test, seed }: SplitOptions,
): { pool: Dataset; test: Dataset } {
  const { name, count, trainCount } = dataset;
  const most = trainCount ?? count - 1;
  if (!Number.isInteger(pool) || pool < 1 || pool > most) {
    throw new RangeError(
      `Cannot split "${name}" at ${pool}: it has ${count} images. Give a pool of 1 to ${most}; the others are for testing.`,
    );
  }
  const order = permutation(trainCount ?? count, seed);
  const others = trainCount
    ? permutation(count - trainCount, seed).map(i => trainCount + i)
    : order.subarray(pool);
  if (test !== undefined && !(Number.isInteger(test) && test >= 1 && test <= others.length)) {
    throw new RangeError(`"${name}" has 1 to ${others.length} images to test with, not ${test}.`);
  }
  return {
    pool: select(dataset, order.subarray(0, pool)),
    test: select(dataset, others.subarray(0, test)),
  };
}

/** The mean image, [H, W, C]. */
export function meanImage(dataset: Dataset): Float32Array {
  const sum = new Float64Array(pixelCount(dataset.imageShape));
  for (const piece of pieces(dataset)) {
    for (let i = 0; i < piece.length; i++) sum[i % sum.length] += piece[i];
  }
  return Float32Array.from(sum, total => total / dataset.count);
}

/** SHA-256 of the pixels in float32, as hexadecimal digits: what the images are, however they are stored. */
export function fingerprint(dataset: Dataset): string {
  const hash = createHash('sha256');
  for (const { buffer, byteOffset, byteLength } of pieces(dataset)) {
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
}
