import { describe, expect, it } from 'vitest';
import {
  fitLogisticRegression,
  predict,
  requireConverged,
} from '../../src/representation/logistic-regression';
import { fitProbe } from '../../src/representation/probe';
import recorded from '../reference/recorded/probe.json';

const width = 16;
const classes = 10;
const matrix = (values: ArrayLike<number>, columns = width) => ({
  shape: [values.length / columns, columns],
  values,
});
const scaled = (features: number[]) =>
  matrix(features.map((h, i) => (h - recorded.offset[i % width]) / recorded.scale[i % width]));
const train = matrix(recorded.features);
const test = matrix(recorded.testFeatures);

/** Largest absolute difference. */
function difference(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  return expected.reduce((largest, value, i) => Math.max(largest, Math.abs(actual[i] - value)), 0);
}

describe('fitLogisticRegression', () => {
  it.each(recorded.fits)("reaches scikit-learn's optimum with l2 = $l2", async fit => {
    const fitted = await fitLogisticRegression(scaled(recorded.features), recorded.labels, classes, {
      l2: fit.l2,
    });
    expect(fitted.converged).toBe(true);
    expect(Math.abs(fitted.loss / fit.loss - 1)).toBeLessThan(1e-6);
    // A gradient of 1e-6 over a curvature of at least l2 leaves an error of at most 1e-3.
    expect(difference(fitted.weights, fit.weights)).toBeLessThan(1e-3);
    expect(difference(fitted.bias, fit.bias)).toBeLessThan(1e-3);
    expect([...predict(fitted, scaled(recorded.testFeatures))]).toEqual(fit.predictions);
  });

  it('converges to the same numbers within rounding when it is asked to', async () => {
    const [fit] = recorded.fits;
    const options = { l2: fit.l2, tolerance: 1e-10 };
    const fitted = await fitLogisticRegression(scaled(recorded.features), recorded.labels, classes, options);
    // 1e-10 / 1e-3, and the eight recorded digits
    expect(difference(fitted.weights, fit.weights)).toBeLessThan(1e-6);
    expect(fitted.converged).toBe(true);
  });

  it('never predicts a class without a training image', async () => {
    const fitted = await fitLogisticRegression(scaled(recorded.features), recorded.labels, 12);
    const predicted = predict(fitted, scaled(recorded.testFeatures));
    expect(fitted.converged).toBe(true);
    expect(Math.max(...predicted)).toBeLessThan(10);
  });

  it.each([
    ['a feature that is no number', [1, NaN, 2, 3], [0, 1], 2, {}, /Feature 1 of image 0 is NaN/],
    ['an infinite feature', [1, 2, 3, Infinity], [0, 1], 2, {}, /Feature 1 of image 1 is Infinity/],
    ['too few labels', [1, 2, 3, 4], [0], 2, {}, /features of 2 images, but 1 labels/],
    ['a label out of range', [1, 2, 3, 4], [0, 2], 2, {}, /Image 1 has the label 2, but .* 0 to 1/],
    ['images of one class', [1, 2, 3, 4], [1, 1], 2, {}, /All 2 images are of class 1/],
    ['one class', [1, 2, 3, 4], [0, 0], 1, {}, /at least two classes apart, not 1/],
    ['a negative penalty', [1, 2, 3, 4], [0, 1], 2, { l2: -1 }, /penalty is a number from 0, not -1/],
    ['no features', [], [], 2, {}, /matrix of images by features/],
  ])('refuses %s', async (_, features, labels, count, options, message) => {
    await expect(fitLogisticRegression(matrix(features, 2), labels, count, options)).rejects.toThrow(message);
  });

  it('that stopped before its optimum is refused where one is required', async () => {
    const fit = (maxIterations: number) =>
      fitLogisticRegression(matrix([1, 2, 3, 5, 2, 2], 2), [0, 1, 0], 2, { maxIterations });
    const found = await fit(100);
    expect(requireConverged(found)).toBe(found);
    const stopped = await fit(1);
    expect(() => requireConverged(stopped)).toThrow(/not converge in 1 iterations.*larger l2/);
  });

  it('refuses to predict from another number of features', async () => {
    const fitted = await fitLogisticRegression(matrix([1, 2, 3, 4], 2), [0, 1], 2);
    expect(() => predict(fitted, matrix([1, 2, 3], 3))).toThrow(/fitted to 2 features, but 3/);
  });
});

describe('fitProbe', () => {
  it.each(recorded.probes)(
    "reaches scikit-learn's optimum on standardized features with l2 = $l2",
    async fit => {
      const probe = await fitProbe(train, recorded.labels, classes, { l2: fit.l2 });
      expect(probe.converged).toBe(true);
      expect(Math.abs(probe.loss / fit.loss - 1)).toBeLessThan(1e-6);
      expect([...predict(probe, test)]).toEqual(fit.predictions);
    },
  );

  it('does not mind a feature that never changes', async () => {
    const constant = matrix(recorded.features.map((h, i) => (i % width === 3 ? 7 : h)));
    const probe = await fitProbe(constant, recorded.labels, classes);
    expect(probe.converged).toBe(true);
    expect([...probe.weights].every(Number.isFinite)).toBe(true);
  });
});
