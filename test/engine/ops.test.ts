import { describe, expect, test } from 'vitest';
import { averagePool2x, biasAdd, groupNorm, silu, upsample2x } from '../../src/engine/ops';
import { tf } from '../../src/engine/tensorflow';
import { relativeError, toTensor } from '../reference/compare';
import { wave } from '../reference/wave';
import recorded from '../reference/recorded/ops.json';

const waves = (shape: number[], frequency: number, phase: number, scale = 1, shift = 0): tf.Tensor =>
  toTensor(wave(shape, frequency, phase, scale)).add(shift);

/** Value of f at the inputs, and the gradient of each input for the same gradient of the output that PyTorch was given. */
function valueAndGradients(f: (...x: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[]): Float32Array[] {
  const value = f(...inputs);
  const dy = waves(value.shape, 0.83, 0.2);
  return [value, ...tf.grads(f)(inputs, dy)].map(tensor => tensor.dataSync<'float32'>());
}

/** What `compute` returns; the tensors that it made are disposed of. */
function tidied<T>(compute: () => T): T {
  tf.engine().startScope();
  try {
    return compute();
  } finally {
    tf.engine().endScope();
  }
}

/** The largest relative error of any of the results. */
function worst(computed: ArrayLike<number>[], expected: ArrayLike<number>[]): number {
  return Math.max(...expected.map((values, i) => relativeError(computed[i], values)));
}

// Expected values: PyTorch in float64 (test/reference/ops.py). Tolerances: float32 rounding of the sums involved.
describe('against PyTorch: values and gradients of', () => {
  test('biasAdd', () => {
    const computed = tidied(() =>
      valueAndGradients(biasAdd, [waves([2, 3, 3, 4], 0.7, 0), waves([4], 1.1, 0.5)]),
    );
    expect(worst(computed, recorded.biasAdd)).toBeLessThan(1e-6);
  });

  test('silu, far from 0 too', () => {
    const computed = tidied(() => valueAndGradients(silu, [waves([200], 0.37, 0, 30)]));
    expect(worst(computed, recorded.silu)).toBeLessThan(1e-6);
  });

  test.each(recorded.groupNorm)(
    'groupNorm of $channels channels in $groups groups around $shift',
    ({ channels, groups, epsilon, shift, results }) => {
      const f = (...[x, gamma, beta]: tf.Tensor[]) =>
        groupNorm(x as tf.Tensor4D, gamma as tf.Tensor1D, beta as tf.Tensor1D, groups, epsilon);
      const computed = tidied(() =>
        valueAndGradients(f, [
          waves([2, 4, 6, channels], 0.71, 0.1, 1, shift),
          waves([channels], 1.3, 0.2, 0.5, 1),
          waves([channels], 0.9, 0.7),
        ]),
      );
      // The sums lose (mean / deviation)^2 roundings: about 200 for a shift of 10.
      expect(worst(computed, results)).toBeLessThan(shift === 0 ? 1e-6 : 1e-4);
    },
  );

  test.each([
    ['upsample2x', upsample2x, recorded.upsample],
    ['averagePool2x', averagePool2x, recorded.pool],
  ] as const)('%s', (_, f, expected) => {
    const computed = tidied(() =>
      valueAndGradients(x => f(x as tf.Tensor4D), [waves([2, 4, 6, 3], 0.71, 0.1)]),
    );
    expect(worst(computed, expected)).toBeLessThan(1e-6);
  });
});

describe('groupNorm', () => {
  test('stays finite where a group is constant', () => {
    const values = tidied(() => {
      const ones = tf.ones<tf.Rank.R1>([4]);
      const f = (x: tf.Tensor) => groupNorm(x as tf.Tensor4D, ones, ones, 1, 1e-5);
      return valueAndGradients(f, [tf.fill([1, 8, 8, 4], 1234.567)]);
    });
    expect(values.flatMap(each => [...each]).every(Number.isFinite)).toBe(true);
  });

  test('refuses groups that do not divide the channels', () => {
    tidied(() => {
      const vector = tf.ones<tf.Rank.R1>([6]);
      expect(() => groupNorm(tf.ones([1, 2, 2, 6]), vector, vector, 4, 1e-5)).toThrow(
        '6 channels cannot be normalized in 4 groups',
      );
    });
  });
});

test('averagePool2x refuses odd sides', () => {
  tidied(() => expect(() => averagePool2x(tf.ones([1, 3, 4, 1]))).toThrow('3x4 cannot be halved'));
});

test('a gradient leaves no tensor behind', () => {
  const x = tf.ones<tf.Rank.R4>([1, 4, 4, 8]);
  const vector = tf.ones<tf.Rank.R1>([8]);
  const f = (x: tf.Tensor4D) =>
    upsample2x(averagePool2x(silu(biasAdd(groupNorm(x, vector, vector, 2, 1e-5), vector))));
  const before = tf.memory().numTensors;
  tf.grad(x => f(x as tf.Tensor4D))(x).dispose();
  expect(tf.memory().numTensors).toBe(before);
  tf.dispose([x, vector]);
});
