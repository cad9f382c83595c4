/** Curves drawn from known accuracies, to test what the analysis says of a truth that is known. */
import type { CurveMeasurement } from '../../src/curve/curve';
import { seededRandom } from '../../src/curve/random';

export const sigmas = [0.01, 0.02, 0.04, 0.08, 0.15, 0.25, 0.4, 0.6, 1];

/** Test accuracies, percent: a clear hill, a falling curve, one that is flat before it falls, and a plateau one point high. */
export const truths = {
  hill: [87.3, 89.7, 91.3, 92.7, 92.9, 92.2, 89.9, 84.3, 67.6],
  falling: [87.1, 86.8, 86.5, 86.4, 86, 84.5, 80.8, 73.6, 56.9],
  flat: [87, 87, 87, 87, 87, 87, 84, 75, 60],
  onePoint: [87, 88, 88, 88, 88, 88, 84, 75, 60],
};

export interface Simulation {
  testCount?: number;
  draws?: number;
  /** Correlation of an image's difficulty from one noise level to the next; default 0.97. */
  pairing?: number;
  /** Share of the variance that each noise draw adds to an image's difficulty; default 0.2. */
  noise?: number;
}

/**
 * A Gaussian copula of Bernoulli draws: image i is right at level s where its difficulty lies under the accuracy's
 * normal quantile; the difficulty is a chain over noise levels plus noise of each draw.
 */
export function simulateCurve(
  accuracy: readonly number[],
  seed: number,
  { testCount = 797, draws = 3, pairing = 0.97, noise = 0.2 }: Simulation = {},
): CurveMeasurement {
  const normal = normals(seed);
  const thresholds = accuracy.map(percent => normalQuantile(percent / 100));
  const correct = new Uint8Array(accuracy.length * draws * testCount);
  for (let i = 0; i < testCount; i++) {
    let difficulty = normal();
    for (let s = 0; s < accuracy.length; s++) {
      if (s > 0) difficulty = pairing * difficulty + Math.sqrt(1 - pairing ** 2) * normal();
      for (let d = 0; d < draws; d++) {
        const value = Math.sqrt(1 - noise) * difficulty + Math.sqrt(noise) * normal();
        correct[(s * draws + d) * testCount + i] = value < thresholds[s] ? 1 : 0;
      }
    }
  }
  const levels = sigmas.slice(0, accuracy.length);
  return { layer: '8x8_up', input: 'noisy', sigmas: levels, draws, testCount, correct };
}

/** Standard normal numbers from a seed (Box-Muller). */
export function normals(seed: number): () => number {
  const random = seededRandom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Inverse of the normal distribution function, by bisection on its series (Marsaglia 2004). */
function normalQuantile(probability: number): number {
  let low = -8;
  let high = 8;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (normalDistribution(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function normalDistribution(x: number): number {
  let sum = x;
  let term = x;
  for (let i = 3; Math.abs(term) > 1e-17; i += 2) sum += term = (term * x * x) / i;
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}
