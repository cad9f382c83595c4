import { describe, expect, test } from 'vitest';
import { averagePool2x, biasAdd, groupNorm, silu, upsample2x } from '../../src/engine/ops';
import { tf } from '../../src/engine/tensorflow';
import { relativeError, toTensor } from '../reference/compare';
import { wave } from '../reference/wave';
import recorded from '../reference/recorded/ops.json';

const waves = (shape: number[], frequency: number, phase: number, scale = 1, shift = 0): tf.Tensor =>
  toTensor(wave(shape, frequency, phase, scale)).add(shift);

/** Value and gradients of f at the inputs, for the given gradient of its output: all in one list, read back. */
function valueAndGradients(f: (...x: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[]): Float32Array[] {
  const value = f(...inputs);
  const dy = waves(value.shape, 0.83, 0.2);
  return [value, ...tf.grads(f)(inputs, dy)].map(tensor => tensor.dataSync<'float32'>());
}

/** The largest relative error of any of the results. */
function worst(computed: ArrayLike<number>[], expected: ArrayLike<number>[]): number {
  return Math.max(...expected.map((values, i) => relativeError(computed[i], values)));
}

// Expected values: PyTorch in float64 (test/reference/ops.py). Tolerances: float32 rounding of the sums involved.
describe('against PyTorch: values and gradients of', () => {
  test('biasAdd', () => {
    const results = tf.tidy(() => ({
      list: valueAndGradients(biasAdd, [waves([2, 3, 3, 4], 0.7, 0), waves([4], 1.1, 0.5)]),
    })) as { list: Float32Array[] };
    expect(worst(results.list, recorded.biasAdd)).toBeLessThan(1e-6);
  });

  test('silu, far from 0 too', () => {
    const computed = tf.tidy(() => ({ list: valueAndGradients(silu, [waves([200], 0.37, 0, 30)]) })) as {
      list: Float32Array[];
    };
    expect(worst(computed.list, recorded.silu)).toBeLessThan(1e-6);
  });

  test.each(recorded.groupNorm)(
    'groupNorm of $channels channels in $groups groups around $shift',
    ({ channels, groups, epsilon, shift, results }) => {
      const computed = tf.tidy(() => {
        const inputs = [
          waves([2, 4, 6, channels], 0.71, 0.1, 1, shift),
          waves([channels], 1.3, 0.2, 0.5, 1),
          waves([channels], 0.9, 0.7),
        ];
        const f = (...[x, gamma, beta]: tf.Tensor[]) =>
          groupNorm(x as tf.Tensor4D, gamma as tf.Tensor1D, beta as tf.Tensor1D, groups, epsilon);
        return { list: valueAndGradients(f, inputs) };
      }) as { list: Float32Array[] };
      // The sums lose (mean / deviation)^2 roundings: about 100 for a shift of 10.
      expect(worst(computed.list, results)).toBeLessThan(shift === 0 ? 1e-6 : 1e-4);
    },
  );

  test('upsample2x and averagePool2x', () => {
    for (const [name, f] of [
      ['upsample', upsample2x],
      ['pool', averagePool2x],
    ] as const) {
      const computed = tf.tidy(() => ({
        list: valueAndGradients(x => f(x as tf.Tensor4D), [waves([2, 4, 6, 3], 0.71, 0.1)]),
      })) as { list: Float32Array[] };
      expect(worst(computed.list, recorded[name]), name).toBeLessThan(1e-6);
    }
  });
});

describe('groupNorm', () => {
  test('stays finite where a group is constant', () => {
    tf.tidy(() => {
      const ones = tf.ones<tf.Rank.R1>([4]);
      const f = (x: tf.Tensor) => groupNorm(x as tf.Tensor4D, ones, ones, 1, 1e-5);
      const values = valueAndGradients(f, [tf.fill([1, 8, 8, 4], 1234.567)]);
      expect(values.flatMap(v => [...v]).every(Number.isFinite)).toBe(true);
    });
  });

  test('refuses groups that do not divide the channels', () => {
    tf.tidy(() => {
      const vector = tf.ones<tf.Rank.R1>([6]);
      expect(() => groupNorm(tf.ones([1, 2, 2, 6]), vector, vector, 4, 1e-5)).toThrow(
        '6 channels cannot be normalized in 4 groups',
      );
    });
  });
});

test('averagePool2x refuses odd sides', () => {
  tf.tidy(() => expect(() => averagePool2x(tf.ones([1, 3, 4, 1]))).toThrow('3x4 cannot be halved'));
});

test('values and gradients leave no tensor behind', () => {
  const x = tf.ones([1, 4, 4, 8]) as tf.Tensor4D;
  const vector = tf.ones<tf.Rank.R1>([8]);
  const f = (x: tf.Tensor4D) =>
    upsample2x(averagePool2x(silu(biasAdd(groupNorm(x, vector, vector, 2, 1e-5), vector))));
  const before = tf.memory().numTensors;
  const gradient = tf.grad(x => f(x as tf.Tensor4D))(x);
  gradient.dispose();
  f(x).dispose();
  expect(tf.memory().numTensors).toBeLessThanOrEqual(before + 5); // f's intermediates, without a tidy
  x.dispose();
  vector.dispose();
});
