/**
 * ICR (arXiv 2606.09718): how much of the features changes between views of one image, against what stays. Needs no labels
 * and no samples. It falls where features carry what the views share.
 */
import { imagesOf } from '../data/dataset';
import { requireSigmas } from '../diffusion/denoiser';
import { gram, product, symmetricEigen } from '../numerics/algebra';
import { checkFeatures, columnMeans, type FeatureMatrix, type Matrix } from '../numerics/matrix';
import { featureExtractor, type Features } from './features';
import { curvesOverSigma, type OverSigmaOptions, type SigmaCurve } from './over-sigma';
import { type Augmentation, viewOf } from './views';

/** How the ratio is taken. */
export interface IcrOptions {
  /** tau of the definition as a share of the features' mean variance, so that their scale does not matter. Default 1e-3. */
  readonly ridge?: number;
}

/**
 * ICR = 1 / (1 + mean lambda) of the generalized eigenvalues Sigma_s v = lambda (Sigma_res + tau I) v. s is the mean of an
 * image's features over its views, Sigma_s its covariance over images (1/N), Sigma_res the mean of r r' over images and
 * views (1/(N V)) of the residuals r = h - s. From 0 (views agree) to 1 (views have nothing in common).
 * @param views features [N, F] of the same N images in each of at least two views
 * @throws RangeError when there are less than two views, they differ in shape, or the ridge is not positive
 */
export async function icr(
  views: readonly FeatureMatrix[],
  { ridge = 1e-3 }: IcrOptions = {},
): Promise<number> {
  requireComparison(views.length, ridge);
  const [count, width] = requireAlike(views);
  const shared = meanOf(views);
  const signal = scaled(await gram(shared, columnMeans(shared)), 1 / count);
  const residual = scaled(await residualGram(views, shared), 1 / (count * views.length));
  const tau = (ridge * (trace(signal) + trace(residual))) / width;
  if (!(tau > 0)) throw new RangeError('All features are the same for all images, so they have no ICR.');
  // The eigenvalues' sum is the trace of (Sigma_res + tau I)^-1 Sigma_s; with Sigma_res = Q D Q' that of (D + tau)^-1 Q' Sigma_s Q.
  const { values, vectors } = await symmetricEigen(residual);
  const rotated = await product(signal, vectors); // Sigma_s Q
  let sum = 0;
  for (let j = 0; j < width; j++) {
    let along = 0;
    for (let i = 0; i < width; i++) along += vectors.values[i * width + j] * rotated.values[i * width + j];
    sum += along / (Math.max(values[j], 0) + tau);
  }
  return 1 / (1 + sum / width);
}

/** What is measured, and which views are compared. */
export type IcrCurvesOptions = OverSigmaOptions &
  IcrOptions & {
    /** Views of each image, each with its own noise. Default 4. */
    readonly views?: number;
    /** How views differ besides their noise. Default: moved by at most one pixel. */
    readonly augmentation?: Augmentation;
  };

/**
 * The ICR of several layers over the noise level. Labels are not used.
 * @throws RangeError as {@link icr}, viewOf and measureOverSigma do; for the number of views, the ridge and the noise levels before
 *   any work
 */
export async function icrCurves(options: IcrCurvesOptions): Promise<Record<string, SigmaCurve>> {
  const { images, views = 4, ridge, augmentation, seed = 0, signal } = options;
  requireSigmas(options.sigmas);
  requireComparison(views, ridge);
  const extract = featureExtractor(options);
  const moved = Array.from({ length: views }, (_, view) =>
    viewOf(imagesOf(images), view, augmentation, seed),
  );
  return curvesOverSigma(options, async sigma => {
    const features: Features[] = [];
    for (const [draw, view] of moved.entries())
      features.push(await extract({ images: view, sigma, draw, signal }));
    return layer =>
      icr(
        features.map(each => each[layer]),
        options,
      );
  });
}

function requireComparison(views: number, ridge?: number): void {
  if (!(Number.isInteger(views) && views >= 2))
    throw new RangeError(`ICR compares a whole number of at least two views of each image, not ${views}.`);
  if (ridge !== undefined && !(ridge > 0 && Number.isFinite(ridge)))
    throw new RangeError(`The ridge is a positive number, not ${ridge}.`);
}

function requireAlike(views: readonly FeatureMatrix[]): [count: number, width: number] {
  const [first, ...others] = views.map(checkFeatures);
  const different = others.find(shape => shape.join() !== first.join());
  if (different) {
    throw new RangeError(
      `All views have the features of the same images, but one is [${first.join(', ')}] and another [${different.join(', ')}].`,
    );
  }
  return first;
}

function meanOf(views: readonly FeatureMatrix[]): Matrix {
  const [{ shape }] = views;
  const mean = new Float64Array(views[0].values.length);
  for (const { values } of views) for (let i = 0; i < mean.length; i++) mean[i] += values[i] / views.length;
  return { shape: [shape[0], shape[1]], values: mean };
}

/** The sum of r r' over views and images. */
async function residualGram(
  views: readonly FeatureMatrix[],
  { shape, values: mean }: Matrix,
): Promise<Matrix> {
  const [, width] = shape;
  const total = new Float64Array(width * width);
  for (const { values } of views) {
    const part = await gram({ shape, values: mean.map((shared, i) => values[i] - shared) });
    part.values.forEach((value, i) => (total[i] += value));
  }
  return { shape: [width, width], values: total };
}

function scaled(matrix: Matrix, factor: number): Matrix {
  return { ...matrix, values: matrix.values.map(value => value * factor) };
}

function trace({ values, shape: [size] }: Matrix): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += values[i * size + i];
  return sum;
}
