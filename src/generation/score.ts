/**
 * The generalization score: does a model generate new images, or copies of its training images? Two rules on descriptors
 * of the images, by default their pixels: the nearest-neighbour ratio, and the largest cosine similarity.
 */
import type { Dataset } from '../data/dataset';
import { imagesOf } from '../data/dataset';
import type { TensorValue } from '../engine/values';
import { float32 } from '../engine/values';
import { columnMeans } from '../numerics/matrix';
import { nearestNeighbours, type NeighboursOptions } from '../numerics/neighbours';
import { type Descriptor, pixelDescriptor } from './descriptor';

/** How new generated images are; lists have one entry a sample. */
export interface GeneralizationScore {
  /** What images were compared by: "pixels". */
  readonly descriptor: string;
  readonly sampleCount: number;
  /** Share of samples that are new by the ratio rule: d1 / d2 >= ratioThreshold. */
  readonly novelByRatio: number;
  /** Share of samples that are new by the cosine rule: largest cosine <= cosineThreshold. */
  readonly novelByCosine: number;
  readonly medianCosine: number;
  readonly ratioThreshold: number;
  readonly cosineThreshold: number;
  /** Distance to the nearest training image over that to the second nearest, in [0, 1]. */
  readonly ratios: Float32Array;
  /**
   * Largest cosine similarity to a training image; both less the mean where the descriptor is centred. What equals the mean has no
   * direction: such a sample has the cosine 0, such a training image is compared with nothing.
   */
  readonly cosines: Float32Array;
  /** Index of the nearest training image by distance: what to show beside the sample. */
  readonly nearest: Int32Array;
}

/** Thresholds and details of the score. */
export interface GeneralizationScoreOptions extends NeighboursOptions {
  /** What images are compared by. Default: their pixels. */
  readonly descriptor?: Descriptor;
  /** Subtracted before cosines are taken, one number a descriptor's. Default: the mean of the training images if it is centred, else 0. */
  readonly mean?: ArrayLike<number>;
  /** A sample with a smaller d1 / d2 is a copy. Default 1/3. */
  readonly ratioThreshold?: number;
  /** A sample with a larger cosine is a copy. Default: the descriptor's, 0.9 for pixels, 0.6 (the paper's) for networks. */
  readonly cosineThreshold?: number;
}

/**
 * Scores generated images against the images that the model was trained on.
 * @param samples float32 [M, H, W, C]
 * @param train the training images, at least two
 * @throws RangeError when there are no samples, they are of another shape or not finite, fewer than two training images,
 *   or a threshold is out of range
 */
export async function generalizationScore(
  samples: TensorValue,
  train: Dataset,
  options: GeneralizationScoreOptions = {},
): Promise<GeneralizationScore> {
  const { descriptor = pixelDescriptor(), ratioThreshold = 1 / 3, signal } = options;
  const { cosineThreshold = descriptor.cosineThreshold } = options;
  requireSamples(samples, train);
  requireThresholds(train, ratioThreshold, cosineThreshold);
  const described = await descriptor.describe(samples, { signal });
  const trained = await descriptor.describe(imagesOf(train), { signal });
  const mean = requireMean(options.mean ?? usualMean(descriptor, trained), trained);
  const { indices, distances } = await nearestNeighbours(described, trained, 2, { signal });
  const sampleCount = samples.shape[0];
  const perSample = (of: (i: number) => number) =>
    Float32Array.from({ length: sampleCount }, (_, i) => of(i));
  // Both distances are 0 where a sample copies an image that the training set holds twice.
  const ratios = perSample(i => distances[2 * i] / Math.max(distances[2 * i + 1], 1e-9));
  const cosines = await largestCosines(described, trained, mean, signal);
  const share = (isNew: (i: number) => boolean) => perSample(i => Number(isNew(i))).reduce(sum) / sampleCount;
  return {
    descriptor: descriptor.name,
    sampleCount,
    novelByRatio: share(i => ratios[i] >= ratioThreshold),
    novelByCosine: share(i => cosines[i] <= cosineThreshold),
    medianCosine: median(cosines),
    ratioThreshold,
    cosineThreshold,
    ratios,
    cosines,
    nearest: indices.filter((_, i) => i % 2 === 0),
  };
}

/** Of unit vectors, the nearest has the largest cosine: |a - b|^2 = 2 - 2 cos. */
async function largestCosines(
  samples: TensorValue,
  images: TensorValue,
  mean: ArrayLike<number>,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const cosines = new Float32Array(samples.shape[0]);
  const [queries, references] = [directionsOf(samples, mean), directionsOf(images, mean)];
  if (queries.rows.length === 0 || references.rows.length === 0) return cosines;
  const { distances } = await nearestNeighbours(queries.vectors, references.vectors, 1, { signal });
  queries.rows.forEach((row, i) => (cosines[row] = 1 - distances[i] ** 2 / 2));
  return cosines;
}

function usualMean({ centred }: Descriptor, trained: TensorValue): Float64Array {
  return centred ? columnMeans(trained) : new Float64Array(trained.shape[1]);
}

/** Some rows less the mean, scaled to length 1. */
interface Directions {
  /** Which rows they are. */
  readonly rows: readonly number[];
  readonly vectors: TensorValue;
}

/** The directions of descriptors from the mean; those that equal it have none and are left out. */
function directionsOf({ values, shape }: TensorValue, mean: ArrayLike<number>): Directions {
  const size = mean.length;
  const squares = new Float64Array(shape[0]);
  for (let i = 0; i < values.length; i++) squares[Math.floor(i / size)] += (values[i] - mean[i % size]) ** 2;
  const lengths = squares.map(Math.sqrt);
  const rows = [...lengths.keys()].filter(row => lengths[row] > 1e-12); // less is rounding
  const unit = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    for (let j = 0; j < size; j++) unit[i * size + j] = (values[row * size + j] - mean[j]) / lengths[row];
  });
  return { rows, vectors: float32(unit, [rows.length, size]) };
}

/** The middle value; of an even number the mean of both middle ones. */
function median(values: Float32Array): number {
  const sorted = values.slice().sort();
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

const sum = (a: number, b: number): number => a + b;

function requireSamples({ shape, values }: TensorValue, train: Dataset): void {
  const expected = train.imageShape.join(', ');
  if (shape.length !== 4 || shape.slice(1).join(', ') !== expected) {
    throw new RangeError(
      `Samples are [${shape.join(', ')}], but the images of "${train.name}" are [N, ${expected}]. Compare a model with the data that it was trained on.`,
    );
  }
  if (shape[0] < 1) throw new RangeError('There are no samples to score. Generate some first.');
  const wrong = values.findIndex(value => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new RangeError(
      `Sample ${Math.floor((wrong * shape[0]) / values.length)} holds the pixel ${values[wrong]}. The model's weights may have diverged.`,
    );
  }
}

function requireThresholds(train: Dataset, ratioThreshold: number, cosineThreshold: number): void {
  if (train.count < 2) {
    throw new RangeError(
      `The ratio rule needs at least two training images, but "${train.name}" has ${train.count}.`,
    );
  }
  if (!(ratioThreshold > 0 && ratioThreshold <= 1)) {
    throw new RangeError(`The ratio threshold is in (0, 1], not ${ratioThreshold}.`);
  }
  if (!(cosineThreshold >= -1 && cosineThreshold < 1)) {
    throw new RangeError(`The cosine threshold is in [-1, 1), not ${cosineThreshold}.`);
  }
}

function requireMean(mean: ArrayLike<number>, { shape: [, width] }: TensorValue): ArrayLike<number> {
  if (mean.length === width) return mean;
  throw new RangeError(`The mean has ${mean.length} numbers, but descriptors have ${width}.`);
}
