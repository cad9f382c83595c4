/**
 * The optimal denoiser of the mixture in closed form: E[x_0 | x_t] for x_t = x_0 + sigma eps.
 *
 * Two forms. `exact` is the posterior mean of the full-covariance mixture: means, log-determinants and non-orthogonal subspaces
 * included. `paper` is Proposition 1, whose class weights leave the Gaussians' normalizing constants out and whose gain is written for
 * orthogonal subspaces. They are equal for orthogonal classes of equal rank.
 *
 * Both are sums over classes of the same shape, which is all that the loops below know:
 *   g_l = log constant_l - z' Q_l z / 2,   w = softmax(g),   x_hat = sum_l w_l (mu_l + G_l z),   z = x_t - mu_l.
 */
import { Matrix } from 'ml-matrix';
import {
  multiplySparse,
  projector,
  quadraticForm,
  spectralFunction,
  symmetricSpectrum,
  toSparse,
  type SparseMatrix,
} from './linear';
import { classCovariance, fromFrame, toFrame, type Molrg } from './molrg';
import { requireSigma } from './molrg-options';

/** Which closed form: see above. */
export type ClosedForm = 'exact' | 'paper';

/** One class's part of the posterior at one noise level, in the frame's coordinates. */
export interface ClassTerm {
  readonly logConstant: number;
  /** mu_l, [r] */
  readonly centre: Float64Array;
  /** Q_l, [r, r] */
  readonly precision: Matrix;
  /** G_l, [r, r] */
  readonly gain: Matrix;
}

/** The coefficients of Proposition 1 at noise level sigma. */
export function shrinkage(delta: number, sigma: number): { zeta: number; xi: number } {
  // Proposition 1: zeta = 1 / (1 + s^2), xi = delta^2 / (delta^2 + s^2).
  return { zeta: 1 / (1 + sigma ** 2), xi: delta ** 2 / (delta ** 2 + sigma ** 2) };
}

/**
 * The posterior's class terms as a function of sigma. What does not depend on sigma is computed once.
 * @throws RangeError when the paper's form is asked for a mixture with class means
 */
export function closedForm(model: Molrg, form: ClosedForm = 'exact'): (sigma: number) => ClassTerm[] {
  return form === 'exact' ? exactForm(model) : paperForm(model);
}

/** Sigma_l = cov(x_0 | l): Q_l = (Sigma_l + s^2 I)^-1, G_l = Sigma_l Q_l, constant = pi_l det(Sigma_l + s^2 I)^-1/2. */
function exactForm(model: Molrg): (sigma: number) => ClassTerm[] {
  const spectra = model.bases.map((_, k) => symmetricSpectrum(classCovariance(model, k)));
  return sigma => {
    requireSigma(sigma);
    const variance = sigma ** 2;
    return spectra.map((spectrum, k) => ({
      logConstant:
        Math.log(model.weights[k]) -
        0.5 * spectrum.values.reduce((sum, value) => sum + Math.log(value + variance), 0),
      centre: model.centres[k],
      precision: spectralFunction(spectrum, value => 1 / (value + variance)),
      gain: spectralFunction(spectrum, value => value / (value + variance)),
    }));
  };
}

/** Proposition 1: g_l = log pi_l + phi |U_l' x|^2 + psi |Ut_l' x|^2, gain zeta U_l U_l' + xi Ut_l Ut_l'. */
function paperForm(model: Molrg): (sigma: number) => ClassTerm[] {
  if (model.means !== undefined) {
    throw new RangeError(
      "form paper: Proposition 1 is about classes of mean zero; use form 'exact' with class means.",
    );
  }
  const own = model.bases.map(projector);
  const other = model.others.map(projector);
  return sigma => {
    requireSigma(sigma);
    const { zeta, xi } = shrinkage(model.delta, sigma);
    // phi = 1 / (2 s^2 (1 + s^2)), psi = delta^2 / (2 s^2 (delta^2 + s^2)); Q_l = -2 (phi U_l U_l' + psi Ut_l Ut_l').
    const combine = (k: number, a: number, b: number) =>
      Matrix.add(Matrix.mul(own[k], a), Matrix.mul(other[k], b));
    return own.map((_, k) => ({
      logConstant: Math.log(model.weights[k]),
      centre: model.centres[k],
      precision: combine(k, -zeta / sigma ** 2, -xi / sigma ** 2),
      gain: combine(k, zeta, xi),
    }));
  };
}

/** Replaces logits by their softmax, in place; the largest is subtracted first, so that nothing overflows. */
export function softmaxInPlace(logits: Float64Array): Float64Array {
  let largest = -Infinity;
  for (const value of logits) largest = Math.max(largest, value);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += logits[i] = Math.exp(logits[i] - largest);
  for (let i = 0; i < logits.length; i++) logits[i] /= sum;
  return logits;
}

/** Posterior means and class weights of many points. */
export interface Posterior {
  /** x_hat = E[x_0 | x_t], [N, r] or [N, n] */
  readonly mean: Float64Array;
  /** w, [N, K] */
  readonly weights: Float64Array;
}

/** The posterior of points in the frame's coordinates, [N, r]. */
export function evaluateTerms(terms: readonly ClassTerm[], points: Float64Array): Posterior {
  const dimension = terms[0].centre.length;
  const count = points.length / dimension;
  const classes = terms.map(term => ({
    ...term,
    precision: toSparse(term.precision),
    gain: toSparse(term.gain),
  }));
  const mean = new Float64Array(points.length);
  const weights = new Float64Array(count * terms.length);
  const centred = new Float64Array(dimension);
  const shrunk = new Float64Array(dimension);
  for (let i = 0; i < count; i++) {
    const offset = i * dimension;
    const row = weights.subarray(i * terms.length, (i + 1) * terms.length);
    classes.forEach((term, l) => {
      subtract(points, offset, term.centre, centred);
      row[l] = term.logConstant - 0.5 * quadraticForm(term.precision, centred, 0);
    });
    softmaxInPlace(row);
    classes.forEach((term, l) => {
      // A class of weight zero (in double precision) adds nothing.
      if (row[l] === 0) return;
      addClassEstimate(term, row[l], points, offset, { centred, shrunk }, mean);
    });
  }
  return { mean, weights };
}

function subtract(points: Float64Array, offset: number, centre: Float64Array, output: Float64Array): void {
  for (let j = 0; j < centre.length; j++) output[j] = points[offset + j] - centre[j];
}

/** mean += w (mu + G (x - mu)) */
function addClassEstimate(
  { centre, gain }: { centre: Float64Array; gain: SparseMatrix },
  weight: number,
  points: Float64Array,
  offset: number,
  { centred, shrunk }: { centred: Float64Array; shrunk: Float64Array },
  mean: Float64Array,
): void {
  subtract(points, offset, centre, centred);
  multiplySparse(gain, centred, 0, shrunk);
  for (let j = 0; j < centre.length; j++) mean[offset + j] += weight * (centre[j] + shrunk[j]);
}

/** How to call the optimal denoiser. */
export interface PosteriorOptions {
  /** Noise level that the denoiser is told, positive. */
  sigma: number;
  /** Default 'exact'. */
  form?: ClosedForm;
}

/**
 * The optimal denoiser on points of the ambient space.
 * @param points x_t, [N, n] row-major
 * @returns x_hat [N, n] and the posterior weights [N, K]
 */
export function posteriorMean(
  model: Molrg,
  points: Float64Array,
  { sigma, form = 'exact' }: PosteriorOptions,
): Posterior {
  const { mean, weights } = evaluateTerms(closedForm(model, form)(sigma), toFrame(model, points));
  return { mean: fromFrame(model, mean), weights };
}

/**
 * The features of the MoLRG DAE (paper section 3): h = D U' x_t with D = blockdiag(beta_l I), beta_l = xi + (zeta - xi) w_l, and
 * w the posterior weights of the given form. For orthogonal classes x_hat = U h.
 * @param points x_t, [N, n] row-major
 * @returns [N, sum of the ranks]
 */
export function posteriorFeatures(
  model: Molrg,
  points: Float64Array,
  { sigma, form = 'exact' }: PosteriorOptions,
): Float64Array {
  const coordinates = toFrame(model, points);
  const { weights } = evaluateTerms(closedForm(model, form)(sigma), coordinates);
  const { zeta, xi } = shrinkage(model.delta, sigma);
  const transposed = model.bases.map(basis => toSparse(basis.transpose()));
  const width = model.ranks.reduce((sum, rank) => sum + rank, 0);
  const dimension = model.frame.columns;
  const count = coordinates.length / dimension;
  const features = new Float64Array(count * width);
  for (let i = 0, position = 0; i < count; i++) {
    for (let l = 0; l < model.classes; l++) {
      const block = features.subarray(position, position + model.ranks[l]);
      multiplySparse(transposed[l], coordinates, i * dimension, block);
      const beta = xi + (zeta - xi) * weights[i * model.classes + l];
      for (let j = 0; j < block.length; j++) block[j] *= beta;
      position += model.ranks[l];
    }
  }
  return features;
}
