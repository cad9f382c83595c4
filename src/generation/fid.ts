/** The Fréchet distance of two sets of descriptors: FID (Heusel et al. 2017) when they are the Inception network's. */
import { type Dataset, imagesOf } from '../data/dataset';
import type { TensorValue } from '../engine/values';
import { gram, product, squareRoot, symmetricEigen } from '../numerics/algebra';
import { checkFeatures, columnMeans, type FeatureMatrix, type Matrix } from '../numerics/matrix';
import { type Descriptor, pixelDescriptor } from './descriptor';

/** Mean and covariance of descriptors. */
export interface Gaussian {
  readonly mean: Float64Array;
  /** [F, F], with N - 1. */
  readonly covariance: Matrix;
}

/**
 * Mean and covariance of descriptors [N, F], in float64. Keep those of a large data set to compare many models with it.
 * @throws RangeError when there are less than two, or a number is not finite
 */
export async function gaussianOf(descriptors: FeatureMatrix): Promise<Gaussian> {
  const [count] = checkFeatures(descriptors);
  if (count < 2) throw new RangeError('A covariance needs at least two images, not 1.');
  const mean = columnMeans(descriptors);
  const { shape, values } = await gram(descriptors, mean);
  return { mean, covariance: { shape, values: values.map(value => value / (count - 1)) } };
}

/**
 * |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)). The root's trace is the sum of the roots of the eigenvalues of
 * C1^(1/2) C2 C1^(1/2), which is symmetric.
 * @throws RangeError when the widths differ
 */
export async function frechetDistance(a: Gaussian, b: Gaussian): Promise<number> {
  const width = a.mean.length;
  if (b.mean.length !== width) {
    throw new RangeError(
      `Descriptors of one kind are compared, but these have ${width} and ${b.mean.length} numbers.`,
    );
  }
  const root = await squareRoot(a.covariance);
  const { values } = await symmetricEigen(await product(await product(root, b.covariance), root));
  const shared = values.reduce((sum, value) => sum + Math.sqrt(Math.max(value, 0)), 0);
  let distance = -2 * shared;
  for (let i = 0; i < width; i++) {
    distance += (a.mean[i] - b.mean[i]) ** 2;
    distance += a.covariance.values[i * width + i] + b.covariance.values[i * width + i];
  }
  return distance;
}

/** What is compared, and by what. */
export interface FidOptions {
  /** Default: pixels. The published FID is that of the original Inception network, see loadDescriptor. */
  readonly descriptor?: Descriptor;
  /** Stops between batches: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * The Fréchet distance of generated images to a data set, lower is nearer. It is biased upwards by few samples: compare
 * only figures of equal numbers of samples.
 * @param samples float32 [M, H, W, C]
 * @throws RangeError when there are less than two samples, or a descriptor is not finite
 */
export async function fid(
  samples: TensorValue,
  images: Dataset,
  { descriptor = pixelDescriptor(), signal }: FidOptions = {},
): Promise<number> {
  const generated = await gaussianOf(await descriptor.describe(samples, { signal }));
  const real = await gaussianOf(await descriptor.describe(imagesOf(images), { signal }));
  return frechetDistance(generated, real);
}
