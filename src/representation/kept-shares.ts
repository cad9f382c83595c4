/** What posterior estimates keep of their images: the part in their class's subspace, and the rest (paper, Proposition 1). */
import { type Dataset, imagesOf } from '../data/dataset';
import type { TensorValue } from '../engine/values';
import { argmaxRows, centred, columnMeans, type FeatureMatrix, type Matrix } from '../numerics/matrix';
import { projectionNorms, singularBases } from './projection';

/** Shares between 0 and 1, or nearly so. */
export interface KeptShares {
  /** sum <P x_hat, P x> / sum |P x|^2 with P the projection on the subspace of an image's class: zeta of Proposition 1 for a certain class. */
  readonly own: number;
  /** The same for I - P, what lies outside of that subspace: xi of Proposition 1. */
  readonly rest: number;
  /** Share of estimates whose part in the subspace of their class is larger than in any other class's. */
  readonly recognized: number;
}

/** How the classes' subspaces are found. */
export interface KeptSharesOptions {
  /** Labelled images whose leading singular vectors, a class at a time, span the subspaces. All images are taken less their mean. */
  readonly reference: Dataset;
  /** Singular vectors a class. Default 5. */
  readonly rank?: number;
}

/**
 * What each set of estimates keeps of the images, for instance one set a noise level.
 * @param estimates float32 [N, H, W, C] each, of the same N images
 * @throws RangeError when estimates and images differ in shape, a class has no reference image, or the rank is not below the
 *   number of pixels
 */
export async function keptShares(
  estimates: readonly TensorValue[],
  images: Dataset,
  { reference, rank = 5 }: KeptSharesOptions,
): Promise<KeptShares[]> {
  const pixels = flat(imagesOf(reference));
  const mean = columnMeans(pixels);
  const bases = await singularBases(
    centred(pixels, mean),
    reference.labels,
    reference.classNames.length,
    rank,
  );
  const truth = imagesOf(images);
  const original = centred(flat(truth), mean);
  const shares: KeptShares[] = [];
  for (const estimate of estimates) {
    requireSameShape(estimate, truth);
    const estimated = centred(flat(estimate), mean);
    const norms = await projectionNorms(bases, estimated); // [N, K]
    const recognized = argmaxRows(norms, bases.length).filter((k, i) => k === images.labels[i]);
    shares.push({
      ...keptParts(estimated, original, bases, images.labels),
      recognized: recognized.length / images.count,
    });
  }
  return shares;
}

/** Inner products of estimates and images, within each image's subspace and outside, over those of images with themselves. */
function keptParts(
  estimated: Matrix,
  original: Matrix,
  bases: readonly Matrix[],
  labels: ArrayLike<number>,
): { own: number; rest: number } {
  const [count, width] = original.shape;
  const products = { own: 0, all: 0 };
  const squares = { own: 0, all: 0 };
  for (let i = 0; i < count; i++) {
    const [x, xHat] = [original, estimated].map(({ values }) => values.subarray(i * width, (i + 1) * width));
    const [c, cHat] = [x, xHat].map(row => coordinates(bases[labels[i]], row));
    products.own += dot(cHat, c);
    squares.own += dot(c, c);
    products.all += dot(xHat, x);
    squares.all += dot(x, x);
  }
  return {
    own: products.own / squares.own,
    rest: (products.all - products.own) / (squares.all - squares.own),
  };
}

/** V x for a basis V [rank, F] of orthonormal rows. */
function coordinates({ shape: [rank, width], values }: Matrix, row: Float64Array): Float64Array {
  return Float64Array.from({ length: rank }, (_, r) => dot(values.subarray(r * width, (r + 1) * width), row));
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

function flat({ shape: [count], values }: TensorValue): FeatureMatrix {
  return { shape: [count, values.length / count], values };
}

function requireSameShape(estimate: TensorValue, images: TensorValue): void {
  if (estimate.shape.join() === images.shape.join()) return;
  throw new RangeError(
    `Each set holds an estimate of each image, [${images.shape.join(', ')}], but one is [${estimate.shape.join(', ')}].`,
  );
}
