/**
 * Theorem 1: the signal-to-noise ratio approximated by replacing the posterior weights by the softmax of their expected logits.
 * {@link theorem1} is the paper's formula for orthogonal classes of equal rank and weight, with its two factors apart;
 * {@link approximateSnr} does the same replacement for any mixture: unequal ranks and weights, angles, means, clean input.
 */
import { Matrix } from 'ml-matrix';
import { closedForm, softmaxInPlace, type ClassTerm, type ClosedForm } from './closed-form';
import { projector } from './linear';
import { classCovariance, type Molrg } from './molrg';
import { requireSigma } from './molrg-options';

/** Theorem 1 at one noise level, and what it is made of. */
export interface Theorem1 {
  /** The approximate SNR. */
  readonly snr: number;
  /** s^2 / delta^2: how strongly the other classes' subspaces are suppressed; rises with s. */
  readonly denoisingRate: number;
  /** h(w+): how surely the class is recognized; falls with s. */
  readonly confidenceRate: number;
  /** w+ and w-: the weight of the own class and of each other class. */
  readonly ownWeight: number;
  readonly otherWeight: number;
}

/**
 * Theorem 1 for K orthogonal classes of rank d and equal weight:
 *   SNR ~ C / (K - 1) ((1 + s^2/delta^2 h(w+)) / (1 + s^2/delta^2 h(w-)))^2,   C = (1 + s^2) / (delta^2 + s^2).
 */
export function theorem1(options: { classes: number; rank: number; delta: number; sigma: number }): Theorem1 {
  const { classes, rank, delta, sigma } = options;
  requireSigma(sigma);
  const variance = sigma ** 2;
  const noise = delta ** 2;
  // Q = d (1 - delta^2)^2 / (2 (1 + s^2) (delta^2 + s^2))
  const gap = (rank * (1 - noise) ** 2) / (2 * (1 + variance) * (noise + variance));
  const ownWeight = 1 / (1 + (classes - 1) * Math.exp(-gap));
  const otherWeight = Math.exp(-gap) * ownWeight; // 1 / ((K - 1) + e^Q), without overflow
  const h = (weight: number) => (1 - noise) * weight + noise;
  const denoisingRate = variance / noise;
  const constant = (1 + variance) / (noise + variance);
  const ratio = (1 + denoisingRate * h(ownWeight)) / (1 + denoisingRate * h(otherWeight));
  const snr = (constant / (classes - 1)) * ratio ** 2;
  return { snr, denoisingRate, confidenceRate: h(ownWeight), ownWeight, otherWeight };
}

/** The approximation over noise levels. */
export interface ApproximateSnr {
  /** sum_k pi_k SNR_k, for each sigma */
  readonly snr: number[];
  /** [K][sigma] */
  readonly perClass: number[][];
}

/**
 * Theorem 1's replacement for any mixture, in closed form. Given class k the expected logits E g_l are a trace; with their softmax
 * as weights the denoiser is affine, x_hat = A x + b, and its energies are traces too. For orthogonal classes of equal rank and
 * weight this is {@link theorem1}.
 */
export function approximateSnr(
  model: Molrg,
  options: { sigmas: readonly number[]; form?: ClosedForm; input?: 'noisy' | 'clean' },
): ApproximateSnr {
  const { sigmas, form = 'exact', input = 'noisy' } = options;
  const terms = closedForm(model, form);
  const clean = model.bases.map((_, k) => classCovariance(model, k));
  const identity = Matrix.eye(model.frame.columns);
  const perClass: number[][] = model.bases.map(() => []);
  for (const sigma of sigmas) {
    const levels = terms(sigma);
    perClass.forEach((values, k) => {
      const covariance =
        input === 'clean' ? clean[k] : Matrix.add(clean[k], Matrix.mul(identity, sigma ** 2));
      values.push(expectedRatio(model, k, levels, covariance));
    });
  }
  const snr = sigmas.map((_, s) =>
    model.weights.reduce((sum, weight, k) => sum + weight * perClass[k][s], 0),
  );
  return { snr, perClass };
}

/** SNR of class k, whose input has mean mu_k and the given covariance, under fixed weights. */
function expectedRatio(model: Molrg, k: number, terms: readonly ClassTerm[], covariance: Matrix): number {
  const weights = softmaxInPlace(
    Float64Array.from(terms, term => expectedLogit(term, covariance, model.centres[k])),
  );
  const own = projector(model.bases[k]);
  const dimension = own.rows;
  const gain = Matrix.zeros(dimension, dimension); // A = sum_l w_l G_l
  const centre = Matrix.zeros(dimension, 1); // A mu_k + b = sum_l w_l (mu_l + G_l (mu_k - mu_l))
  terms.forEach((term, l) => {
    gain.add(Matrix.mul(term.gain, weights[l]));
    const shift = difference(model.centres[k], term.centre);
    centre.add(
      term.gain
        .mmul(shift)
        .add(Matrix.columnVector([...term.centre]))
        .mul(weights[l]),
    );
  });
  const secondMoment = gain.mmul(covariance).mmul(gain.transpose()).add(centre.mmul(centre.transpose()));
  const signal = own.mmul(secondMoment).trace();
  return signal / (secondMoment.trace() - signal);
}

/** E g_l = log constant_l - (tr(Q_l C) + (m - mu_l)' Q_l (m - mu_l)) / 2 for x of mean m and covariance C. */
function expectedLogit(term: ClassTerm, covariance: Matrix, mean: Float64Array): number {
  const shift = difference(mean, term.centre);
  const distance = shift.transpose().mmul(term.precision).mmul(shift).get(0, 0);
  return term.logConstant - 0.5 * (Matrix.mul(term.precision, covariance).sum() + distance);
}

function difference(a: Float64Array, b: Float64Array): Matrix {
  return Matrix.columnVector(Array.from(a, (value, i) => value - b[i]));
}
