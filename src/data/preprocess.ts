/** Images made smaller or gray once, before anything else is done with them. */
import { tf } from '../engine/tensorflow';
import { toTensor } from '../engine/tensors';
import { createDataset, type Dataset, imagesOf, pixelCount } from './dataset';
import { requireSize, resizeToCover } from './resize';

/** What is done with images, in this order. */
export interface Preprocessing {
  /** One channel instead of three: 0.299 red + 0.587 green + 0.114 blue. Default false. */
  readonly gray?: boolean;
  /** Height and width that images are brought to: scaled to cover it and cut at the middle. Default: as they are. */
  readonly size?: readonly [height: number, width: number];
  /**
   * Height to which images are mean-pooled, each pixel the mean of a square of pixels; the width follows. Means are kept
   * in float32, not rounded to 8 bits. Default: as they are.
   */
  readonly resolution?: number;
}

type Change = (images: tf.Tensor4D) => tf.Tensor4D;

const batchSize = 256;

/** @throws RangeError for a size that is none, or a resolution that is no positive whole number */
export function requirePreprocessing({ size, resolution }: Preprocessing): void {
  if (size !== undefined) requireSize(size);
  if (resolution !== undefined && !(Number.isInteger(resolution) && resolution >= 1)) {
    throw new RangeError(
      `The resolution is a positive whole number, the height in pixels to pool images to, not ${resolution}.`,
    );
  }
}

/**
 * The data set with its images changed.
 * @throws RangeError for a size that is none, a resolution that does not divide the images, or another size of images with masks
 */
export function preprocess(dataset: Dataset, { gray, size, resolution }: Preprocessing): Dataset {
  requirePreprocessing({ size, resolution });
  const steps = [
    gray && dataset.imageShape[2] === 3 && toGray,
    size && ((data: Dataset) => resize(data, size)),
    resolution && ((data: Dataset) => meanPool(data, resolution)),
  ];
  return steps.reduce((data: Dataset, step) => (step ? step(data) : data), dataset);
}

function toGray(dataset: Dataset): Dataset {
  const weights = tf.tensor1d([0.299, 0.587, 0.114]);
  const gray = changed(dataset, images => images.mul<tf.Tensor4D>(weights).sum(3, true));
  weights.dispose();
  return gray;
}

function resize(dataset: Dataset, size: readonly [number, number]): Dataset {
  const isThere = size.every((length, i) => length === dataset.imageShape[i]);
  if (isThere) return dataset;
  requireNoMasks(dataset, size);
  return changed(dataset, images => resizeToCover(images, size));
}

function requireNoMasks({ name, masks }: Dataset, [height, width]: readonly [number, number]): void {
  if (!masks) return;
  throw new RangeError(
    `The images of "${name}" come with masks, which would not fit images of ${height} x ${width}. Bring images and masks to one size before, or give loadSegmented the size.`,
  );
}

function meanPool(dataset: Dataset, resolution: number): Dataset {
  const [height, width] = dataset.imageShape;
  const factor = height / resolution;
  if (!Number.isInteger(factor) || factor < 1 || width % factor !== 0) {
    throw new RangeError(
      `Images of ${height} x ${width} have no means of squares at resolution ${resolution}: give a height that divides them, or bring them to another size first.`,
    );
  }
  if (factor === 1) return dataset;
  requireNoMasks(dataset, [resolution, width / factor]);
  return changed(dataset, images => tf.avgPool(images, factor, factor, 'valid'), 'exact');
}

/** The change of all images, some at a time; 8-bit images are rounded to 8 bits unless `exact`. */
function changed(dataset: Dataset, change: Change, exact?: 'exact'): Dataset {
  const { count, maximum = 255 } = dataset;
  const isBytes = dataset.images instanceof Uint8Array && !exact;
  let images: Dataset['images'] | undefined;
  let imageShape = dataset.imageShape;
  for (let start = 0; start < count; start += batchSize) {
    const batch = changedBatch(dataset, start, change, isBytes ? maximum : undefined);
    imageShape = [batch.shape[1], batch.shape[2], batch.shape[3]];
    const size = pixelCount(imageShape);
    images ??= isBytes ? new Uint8Array(count * size) : new Float32Array(count * size);
    images.set(batch.dataSync(), start * size);
    batch.dispose();
  }
  return createDataset({ ...dataset, imageShape, images: images!, maximum: isBytes ? maximum : undefined });
}

/** The changed images from `start` on, in [-1, 1], or in 0 .. maximum to be stored in 8 bits. */
function changedBatch(dataset: Dataset, start: number, change: Change, maximum?: number): tf.Tensor4D {
  const length = Math.min(batchSize, dataset.count - start);
  const batch = imagesOf(dataset, range(start, length));
  return tf.tidy(() => {
    const images: tf.Tensor = change(toTensor(batch) as tf.Tensor4D).clipByValue(-1, 1);
    const stored = maximum ? images.add(1).mul(maximum / 2) : images;
    return (maximum ? stored.round() : stored) as tf.Tensor4D;
  });
}

const range = (start: number, length: number) => Int32Array.from({ length }, (_, i) => start + i);
