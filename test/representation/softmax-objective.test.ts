import { expect, test } from 'vitest';
import { fitLogisticRegression } from '../../src/representation/logistic-regression';
import { softmaxObjective } from '../../src/representation/softmax-objective';
import { wave } from '../reference/wave';

const [count, width, classes] = [7, 3, 4];
const features = Float64Array.from(wave([count, width], 1.7, 0.3).values);
const labels = [0, 1, 2, 3, 0, 2, 1];

/** -log softmax(h W + b)[label] summed, straight from the formula. */
function crossEntropy(parameters: Float64Array): number {
  let total = 0;
  for (let n = 0; n < count; n++) {
    const logits = Array.from({ length: classes }, (_, k) => {
      let logit = parameters[width * classes + k];
      for (let f = 0; f < width; f++) logit += features[n * width + f] * parameters[f * classes + k];
      return logit;
    });
    total += Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0)) - logits[labels[n]];
  }
  return total;
}

test("the loss in TensorFlow is the formula's, its gradient that of differences", async () => {
  const { objective, dispose } = await softmaxObjective(features, labels, width, classes);
  const parameters = Float64Array.from(wave([(width + 1) * classes], 2.3, 0.1).values);
  const gradient = new Float64Array(parameters.length);
  const loss = await objective(parameters, gradient);
  dispose();
  expect(loss).toBeCloseTo(crossEntropy(parameters), 12); // both in float64
  gradient.forEach((derivative, i) => {
    const moved = (step: number) => crossEntropy(parameters.map((p, j) => (j === i ? p + step : p)));
    expect(derivative).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 8); // differences keep nine digits
  });
});

test('a fit to a matrix that is large enough for TensorFlow ends where the derivatives vanish', async () => {
  const [rows, columns] = [1000, 500];
  const values = wave([rows, columns], 0.77, 0.4).values;
  const own = Int32Array.from({ length: rows }, (_, n) => (n * n) % 3);
  const fitted = await fitLogisticRegression({ shape: [rows, columns], values }, own, 3, { l2: 1e-2 });
  expect(fitted.converged).toBe(true);
  const repeated = await fitLogisticRegression(
    { shape: [rows - 1, columns], values: values.subarray(columns) },
    own.subarray(1),
    3,
    { l2: 1e-2 },
  );
  // One image of a thousand fewer, below the size at which plain loops take over: nearly the same problem.
  expect(repeated.loss).toBeCloseTo(fitted.loss, 2);
});
