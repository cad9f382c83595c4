import { Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { tf } from '../../src/engine/tensorflow';
import { posteriorFeatures, posteriorMean, softmaxInPlace } from '../../src/theory/closed-form';
import {
  ambientBasis,
  createMolrg,
  fromFrame,
  molrgFromBases,
  sampleMolrg,
  type Molrg,
} from '../../src/theory/molrg';
import { randomSource } from '../../src/theory/random';
import { approximateSnr } from '../../src/theory/theorem1';
import recorded from '../reference/recorded/theory.json';

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i])), 0);
}

/** Noisy points of a model, [N, n]. */
function noisyPoints(model: Molrg, count: number, sigma: number, seed = 2): Float64Array {
  const source = randomSource(seed);
  return sampleMolrg(model, count, { seed }).samples.map(value => value + sigma * source.normal());
}

describe('against dense float64 linear algebra in NumPy (test/reference/theory.py), to 1e-6', () => {
  it.each(Object.entries(recorded.mixtures))('%s', (_, mixture) => {
    const model = molrgFromBases(
      mixture.bases.map(basis => new Matrix(basis)),
      { delta: mixture.delta, weights: mixture.weights, means: mixture.means ?? undefined },
    );
    const points = Float64Array.from(mixture.points.flat());
    for (const level of mixture.levels) {
      const { sigma } = level;
      const exact = posteriorMean(model, points, { sigma });
      expect(largestDifference(exact.mean, level.exact.mean.flat())).toBeLessThan(1e-6);
      expect(largestDifference(exact.weights, level.exact.weights.flat())).toBeLessThan(1e-6);
      if ('paper' in level && level.paper) {
        const paper = posteriorMean(model, points, { sigma, form: 'paper' });
        expect(largestDifference(paper.mean, level.paper.mean.flat())).toBeLessThan(1e-6);
        expect(largestDifference(paper.weights, level.paper.weights.flat())).toBeLessThan(1e-6);
      }
      for (const { clean, perClass } of level.approximateSnr) {
        const input = clean ? 'clean' : 'noisy';
        approximateSnr(model, { sigmas: [sigma], input }).perClass.forEach(([value], k) => {
          expect(Math.abs(value / perClass[k] - 1)).toBeLessThan(1e-6);
        });
      }
    }
  });
});

describe('the optimal denoiser', () => {
  it('has one value in both forms for orthogonal classes of equal rank', () => {
    const model = createMolrg({ ambient: 20, classes: 3, rank: 4, delta: 0.2 });
    for (const sigma of [0.002, 0.06, 0.585, 1.923]) {
      const points = noisyPoints(model, 50, sigma);
      const exact = posteriorMean(model, points, { sigma });
      const paper = posteriorMean(model, points, { sigma, form: 'paper' });
      // Two orders of summation of 1/sigma^2-sized logits: 1e-8.
      expect(largestDifference(exact.mean, paper.mean)).toBeLessThan(1e-8);
    }
  });

  it("is Tweedie's formula x + sigma^2 grad log p(x), the gradient by automatic differentiation", () => {
    const model = createMolrg({
      ambient: 12,
      rank: [3, 2],
      delta: 0.3,
      angle: 50,
      weights: [0.7, 0.3],
      means: 2,
    });
    const sigma = 0.6;
    const points = noisyPoints(model, 20, sigma);
    tf.tidy(() => {
      const x = tf.tensor2d(Float32Array.from(points), [20, 12]);
      const score = tf.grad(x => logDensity(model, x as tf.Tensor2D, sigma).sum())(x);
      const tweedie = x.add(score.mul(sigma ** 2)).dataSync();
      const { mean } = posteriorMean(model, points, { sigma });
      // float32: x of size 2, precisions up to 1/sigma^2 = 3.
      expect(largestDifference(mean, tweedie)).toBeLessThan(2e-5);
    });
  });

  it('is the mean of x_0 under brute-force posterior sampling', () => {
    const model = createMolrg({ ambient: 5, rank: [2, 1], delta: 0.4, angle: 60, weights: [0.4, 0.6] });
    const sigma = 0.5;
    const count = 400_000;
    const { samples } = sampleMolrg(model, count, { seed: 9 });
    const points = noisyPoints(model, 4, sigma);
    const { mean } = posteriorMean(model, points, { sigma });
    for (let i = 0; i < 4; i++) {
      const point = points.subarray(i * 5, i * 5 + 5);
      const estimate = importanceSampling(point, samples, sigma);
      for (let j = 0; j < 5; j++) {
        expect(Math.abs(estimate.mean[j] - mean[i * 5 + j])).toBeLessThan(4.5 * estimate.stderr[j]);
        expect(estimate.stderr[j]).toBeLessThan(0.02); // or the comparison would say nothing
      }
    }
  });

  it('is the linear Wiener filter U U^T x / (1 + sigma^2) for one class', () => {
    const model = createMolrg({ ambient: 8, classes: 1, rank: 3, delta: 0.2 });
    const points = noisyPoints(model, 10, 1);
    const basis = ambientBasis(model, 0);
    const projected = Matrix.from1DArray(10, 8, points).mmul(basis).mmul(basis.transpose());
    for (const sigma of [0.01, 0.3, 2]) {
      const expected = Matrix.div(projected, 1 + sigma ** 2).to1DArray();
      for (const form of ['exact', 'paper'] as const) {
        expect(largestDifference(posteriorMean(model, points, { sigma, form }).mean, expected)).toBeLessThan(
          1e-12,
        );
      }
    }
  });

  it('tends to the projection onto the span of the classes as sigma goes to 0', () => {
    const model = createMolrg({ ambient: 10, classes: 3, rank: 2, delta: 0.2, angle: 60 });
    const points = randomSource(3).fillNormal(new Float64Array(10 * 10));
    const frame = model.frame;
    const projection = Matrix.from1DArray(10, 10, points).mmul(frame).mmul(frame.transpose()).to1DArray();
    const errors = [1e-2, 1e-3, 1e-4].map(sigma =>
      largestDifference(posteriorMean(model, points, { sigma }).mean, projection),
    );
    // The distance is of order sigma^2 / (delta^2 sin^2): a hundredth each time.
    expect(errors[1]).toBeLessThan(errors[0] / 50);
    expect(errors[2]).toBeLessThan(errors[1] / 50);
    expect(errors[2]).toBeLessThan(1e-5);
  });

  it('is U h for orthogonal classes, h the features', () => {
    const model = createMolrg({
      ambient: 20,
      classes: 3,
      rank: [4, 2, 3],
      delta: 0.2,
      weights: [0.5, 0.3, 0.2],
    });
    const sigma = 0.4;
    const points = noisyPoints(model, 10, sigma);
    const features = posteriorFeatures(model, points, { sigma });
    const blocks = model.bases.map((_, k) => ambientBasis(model, k).transpose().to2DArray()).flat();
    const rebuilt = Matrix.from1DArray(10, 9, features).mmul(new Matrix(blocks));
    expect(largestDifference(posteriorMean(model, points, { sigma }).mean, rebuilt.to1DArray())).toBeLessThan(
      1e-12,
    );
  });

  it('refuses bad input', () => {
    const model = createMolrg({ ambient: 10, rank: 2, delta: 0.2 });
    const points = new Float64Array(10);
    for (const sigma of [0, -1, NaN, Infinity]) {
      expect(() => posteriorMean(model, points, { sigma })).toThrow(
        `sigma ${sigma}: a noise level must be positive`,
      );
    }
    expect(() => posteriorMean(model, new Float64Array(7), { sigma: 1 })).toThrow(
      /7 values are not rows of 10/,
    );
    const separated = createMolrg({ ambient: 10, rank: 2, delta: 0.2, means: 3 });
    expect(() => posteriorMean(separated, points, { sigma: 1, form: 'paper' })).toThrow(/use form 'exact'/);
  });
});

describe('softmax', () => {
  it('does not overflow, and keeps ratios', () => {
    const weights = softmaxInPlace(Float64Array.from([250_000, 250_000 - Math.log(4), -250_000]));
    expect(largestDifference(weights, [0.8, 0.2, 0])).toBeLessThan(1e-10); // 250,000 eats five of sixteen digits
  });
});

/** log p(x_t) up to a constant, in TensorFlow ops, from dense covariances in the ambient space. */
function logDensity(model: Molrg, x: tf.Tensor2D, sigma: number): tf.Tensor1D {
  const logits = model.bases.map((_, k) => {
    const own = ambientBasis(model, k);
    const other = model.frame.mmul(model.others[k]);
    const covariance = own
      .mmul(own.transpose())
      .add(other.mmul(other.transpose()).mul(model.delta ** 2))
      .add(Matrix.eye(model.ambient).mul(sigma ** 2));
    const eigenvalueLogs = symmetricLogDeterminant(covariance);
    const precision = tf.tensor2d(inverseOf(covariance).to2DArray());
    const centred = x.sub(tf.tensor1d(Float32Array.from(fromFrame(model, model.centres[k]))));
    const distance = centred.mul(centred.matMul(precision)).sum(1);
    return distance.mul(-0.5).add(Math.log(model.weights[k]) - 0.5 * eigenvalueLogs);
  });
  return tf.logSumExp(tf.stack(logits, 1), 1);
}

function symmetricLogDeterminant(matrix: Matrix): number {
  // Cholesky by hand: an independent way to the determinant.
  const factor = matrix.clone();
  let sum = 0;
  for (let j = 0; j < factor.rows; j++) {
    for (let k = 0; k < j; k++) {
      for (let i = j; i < factor.rows; i++)
        factor.set(i, j, factor.get(i, j) - factor.get(i, k) * factor.get(j, k));
    }
    const diagonal = Math.sqrt(factor.get(j, j));
    sum += 2 * Math.log(diagonal);
    for (let i = j; i < factor.rows; i++) factor.set(i, j, factor.get(i, j) / diagonal);
  }
  return sum;
}

function inverseOf(matrix: Matrix): Matrix {
  // Gauss and Jordan, without pivoting: the matrix is positive definite.
  const size = matrix.rows;
  const work = Matrix.zeros(size, 2 * size)
    .setSubMatrix(matrix, 0, 0)
    .setSubMatrix(Matrix.eye(size), 0, size);
  for (let j = 0; j < size; j++) {
    work.mulRow(j, 1 / work.get(j, j));
    for (let i = 0; i < size; i++) {
      if (i !== j)
        work.setRow(i, Matrix.sub(work.getRowVector(i), Matrix.mul(work.getRowVector(j), work.get(i, j))));
    }
  }
  return work.subMatrix(0, size - 1, size, 2 * size - 1);
}

/** E[x_0 | x_t] by weighting draws of x_0 with the likelihood of x_t, and its standard error. */
function importanceSampling(point: Float64Array, samples: Float64Array, sigma: number) {
  const n = point.length;
  const weights = new Float64Array(samples.length / n);
  for (let i = 0; i < weights.length; i++) {
    let distance = 0;
    for (let j = 0; j < n; j++) distance += (point[j] - samples[i * n + j]) ** 2;
    weights[i] = -distance / (2 * sigma ** 2);
  }
  softmaxInPlace(weights);
  const mean = Array.from({ length: n }, (_, j) =>
    weights.reduce((sum, weight, i) => sum + weight * samples[i * n + j], 0),
  );
  const stderr = mean.map((value, j) =>
    Math.sqrt(weights.reduce((sum, weight, i) => sum + weight ** 2 * (samples[i * n + j] - value) ** 2, 0)),
  );
  return { mean, stderr };
}
