/**
 * The signal-to-noise ratio of a posterior estimate (Definition 1), by Monte Carlo:
 *   SNR_k = E|U_k U_k' x_hat|^2 / E|x_hat - U_k U_k' x_hat|^2   given class k,   SNR = sum_k pi_k SNR_k.
 *
 * Any estimate of x_0 can be measured: the closed form, which lives in the frame's coordinates, or a trained network, which lives in the
 * ambient space.
 */
import type { Matrix } from 'ml-matrix';
import { closedForm, evaluateTerms, type ClosedForm } from './closed-form';
import { multiplySparse, toSparse, type SparseMatrix } from './linear';
import { ambientBasis, fromFrame, sampleClass, type Molrg } from './molrg';
import { requireSigma } from './molrg-options';
import { randomSource, type RandomSource } from './random';
import { approximateSnr } from './theorem1';

/** What the denoiser is fed: x_t = x_0 + sigma eps, or x_0 itself at level sigma. */
export type SnrInput = 'noisy' | 'clean';

/** An estimate of x_0, to be measured. */
export interface Estimator {
  /** In which coordinates it works: the model's frame, [N, r], or the ambient space, [N, n]. */
  readonly space: 'frame' | 'ambient';
  /** x_hat of points, row-major, of the same shape. */
  estimate(points: Float64Array, sigma: number): Float64Array;
}

/** Settings of a measurement. */
export interface SnrOptions {
  sigmas: readonly number[];
  /** Samples in all, shared out among the classes by their weights; default 30,000. */
  samples?: number;
  /** Default 'noisy'. */
  input?: SnrInput;
  /** Seed of the samples and their noise, the same at every noise level; default 0. */
  seed?: number;
}

/** SNR over noise levels. All ratios, not decibels. */
export interface SnrMeasurement {
  readonly sigma: readonly number[];
  /** sum_k pi_k SNR_k, Definition 1 */
  readonly snr: readonly number[];
  /** Standard error of `snr`. */
  readonly stderr: readonly number[];
  /** SNR_k for each class, [K][sigma] */
  readonly perClass: readonly (readonly number[])[];
  /** Standard errors of `perClass`, [K][sigma] */
  readonly perClassStderr: readonly (readonly number[])[];
  /** Another reading of the definition: energies are averaged over all classes before the division. */
  readonly pooled: readonly number[];
  /** Standard error of `pooled`. */
  readonly pooledStderr: readonly number[];
}

/** A measurement of the closed form, beside Theorem 1. */
export interface SnrCurve extends SnrMeasurement {
  readonly form: ClosedForm;
  readonly input: SnrInput;
  /** Theorem 1's approximation, generalized to this mixture; see {@link approximateSnr}. */
  readonly approx: readonly number[];
}

/** The closed form as an estimator. */
export function closedFormEstimator(model: Molrg, form: ClosedForm = 'exact'): Estimator {
  const terms = closedForm(model, form);
  return { space: 'frame', estimate: (points, sigma) => evaluateTerms(terms(sigma), points).mean };
}

/**
 * SNR of the optimal denoiser over noise levels, with Theorem 1's approximation beside it.
 * @param options.form 'exact' (default) or 'paper'
 */
export function theorySnr(model: Molrg, options: SnrOptions & { form?: ClosedForm }): SnrCurve {
  const { form = 'exact', input = 'noisy' } = options;
  const measured = measureSnr(model, closedFormEstimator(model, form), options);
  const approximation = approximateSnr(model, { sigmas: options.sigmas, form, input });
  return { form, input, ...measured, approx: approximation.snr };
}

/**
 * SNR of any estimate over noise levels.
 * @throws RangeError for a noise level that is not positive, fewer than two samples a class, or a single class
 */
export function measureSnr(model: Molrg, estimator: Estimator, options: SnrOptions): SnrMeasurement {
  const { sigmas, samples = 30_000, input = 'noisy', seed = 0 } = options;
  requireMeasurable(model, sigmas, samples);
  const source = randomSource(seed);
  const perClass = model.weights.map((weight, k) => {
    const count = Math.max(2, Math.round(weight * samples));
    return classEnergies(model, k, estimator, { count, sigmas, input, source });
  });
  return summarize(model, sigmas, perClass);
}

function requireMeasurable(model: Molrg, sigmas: readonly number[], samples: number): void {
  if (sigmas.length === 0) throw new RangeError('sigmas []: give at least one noise level.');
  sigmas.forEach(requireSigma);
  if (model.classes < 2) {
    throw new RangeError(
      'classes 1: the signal-to-noise ratio compares a class with the others; use at least 2.',
    );
  }
  if (!Number.isInteger(samples) || samples < 2 * model.classes) {
    throw new RangeError(`samples ${samples}: at least two for each of the ${model.classes} classes.`);
  }
}

/** Sums over one class's samples at one noise level: of signal and noise energy, their squares and their product. */
interface EnergySums {
  count: number;
  signal: number;
  noise: number;
  signalSquared: number;
  noiseSquared: number;
  product: number;
}

interface Draw {
  count: number;
  sigmas: readonly number[];
  input: SnrInput;
  source: RandomSource;
}

/** Samples worked on at a time: keeps memory small however many are asked for. */
const blockSize = 4096;

function classEnergies(model: Molrg, k: number, estimator: Estimator, draw: Draw): EnergySums[] {
  const ambient = estimator.space === 'ambient';
  const basis: Matrix = ambient ? ambientBasis(model, k) : model.bases[k];
  const projection = toSparse(basis.transpose());
  const sums = draw.sigmas.map(emptySums);
  for (let done = 0; done < draw.count; done += blockSize) {
    const count = Math.min(blockSize, draw.count - done);
    const coordinates = sampleClass(model, k, count, draw.source);
    const clean = ambient ? fromFrame(model, coordinates) : coordinates;
    // The same noise at every level: neighbouring points of the curve share their Monte Carlo error.
    const noise = draw.input === 'noisy' ? draw.source.fillNormal(new Float64Array(clean.length)) : undefined;
    draw.sigmas.forEach((sigma, s) => {
      const points = noise ? clean.map((value, i) => value + sigma * noise[i]) : clean;
      addEnergies(sums[s], estimator.estimate(points, sigma), projection, basis.rows);
    });
  }
  return sums;
}

function emptySums(): EnergySums {
  return { count: 0, signal: 0, noise: 0, signalSquared: 0, noiseSquared: 0, product: 0 };
}

function addEnergies(
  sums: EnergySums,
  estimates: Float64Array,
  projection: SparseMatrix,
  dimension: number,
): void {
  const coefficients = new Float64Array(projection.rows);
  for (let offset = 0; offset < estimates.length; offset += dimension) {
    multiplySparse(projection, estimates, offset, coefficients);
    let total = 0;
    for (let j = 0; j < dimension; j++) total += estimates[offset + j] ** 2;
    let signal = 0;
    for (const value of coefficients) signal += value * value;
    const noise = total - signal;
    sums.count++;
    sums.signal += signal;
    sums.noise += noise;
    sums.signalSquared += signal * signal;
    sums.noiseSquared += noise * noise;
    sums.product += signal * noise;
  }
}

/** A ratio of means and its variance. */
interface Ratio {
  value: number;
  variance: number;
}

/**
 * sum_k share_k signal_k / sum_k share_k noise_k with signal_k and noise_k the means over independent samples, and the delta method's
 * variance.
 */
function ratioOfMeans(parts: readonly { share: number; sums: EnergySums }[]): Ratio {
  const total = (part: (sums: EnergySums) => number) =>
    parts.reduce((sum, { share, sums }) => sum + (share * part(sums)) / sums.count, 0);
  const noise = total(sums => sums.noise);
  const value = total(sums => sums.signal) / noise;
  const variance = parts.reduce(
    (sum, { share, sums }) => sum + share ** 2 * residualVariance(sums, value),
    0,
  );
  return { value, variance: variance / noise ** 2 };
}

/** Variance of the mean of signal - ratio noise. */
function residualVariance(sums: EnergySums, ratio: number): number {
  const { count } = sums;
  const mean = (sums.signal - ratio * sums.noise) / count;
  const square = (sums.signalSquared - 2 * ratio * sums.product + ratio ** 2 * sums.noiseSquared) / count;
  return Math.max(0, square - mean ** 2) / (count - 1);
}

function summarize(model: Molrg, sigmas: readonly number[], energies: EnergySums[][]): SnrMeasurement {
  const ratios = energies.map(levels => levels.map(sums => ratioOfMeans([{ share: 1, sums }]))); // [K][sigma]
  const pooled = sigmas.map((_, s) =>
    ratioOfMeans(energies.map((levels, k) => ({ share: model.weights[k], sums: levels[s] }))),
  );
  const average = (values: (k: number) => number) =>
    model.weights.reduce((sum, weight, k) => sum + weight * values(k), 0);
  return {
    sigma: [...sigmas],
    snr: sigmas.map((_, s) => average(k => ratios[k][s].value)),
    stderr: sigmas.map((_, s) => Math.sqrt(average(k => model.weights[k] * ratios[k][s].variance))),
    perClass: ratios.map(levels => levels.map(({ value }) => value)),
    perClassStderr: ratios.map(levels => levels.map(standardError)),
    pooled: pooled.map(({ value }) => value),
    pooledStderr: pooled.map(standardError),
  };
}

function standardError({ variance }: Ratio): number {
  return Math.sqrt(variance);
}
