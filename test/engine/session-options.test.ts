import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compile } from '../../src/engine/compile';
import { profile } from '../../src/engine/profile';
import type { SessionOptions } from '../../src/engine/session';
import { tf } from '../../src/engine/tensorflow';
import { createVariables } from '../../src/engine/variables';
import { relativeError } from '../reference/compare';
import { wave } from '../reference/wave';

const x = wave([64, 64], 0.7, 0.1);
/** Sums of positive products: nothing cancels, so that a result is as exact as its factors. */
const twoLayers = (weight: tf.Tensor) => (inputs: Record<string, tf.Tensor>) => ({
  y: tf.matMul(tf.matMul(inputs.x.abs(), weight.abs()).relu().mul(0.1), weight.abs()),
});

/** The output under session options, and the kinds of ops that ran. */
async function computeWith(options: SessionOptions) {
  const variables = createVariables({ weight: wave([64, 64], 1.3, 0.4) }, { threads: 1, ...options });
  const fn = twoLayers(variables.tensors.weight);
  const { y } = await compile(fn, { variables })({ x });
  const ops = (await profile(fn, { variables, inputs: { x }, calls: 1 })).map(({ op }) => op).join(' ');
  variables.dispose();
  return { values: y.values, ops };
}

test('a session computes on as many threads as it was told, whatever other sessions of the process have', async () => {
  const images = wave([64, 16, 16, 16], 0.7, 0.1);
  const filter = wave([3, 3, 16, 16], 0.7, 0.1);
  const gradientOn = async (threads: number) => {
    const variables = createVariables({ filter }, { threads });
    const gradient = ({ images }: Record<string, tf.Tensor>) => {
      const energy = (filter: tf.Tensor) =>
        tf
          .conv2d(images as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same')
          .square()
          .sum();
      return { gradient: tf.grad(energy)(variables.tensors.filter) };
    };
    const result = await compile(gradient, { variables })({ images });
    variables.dispose();
    return result.gradient.values;
  };
  const [one, again, four] = [await gradientOn(1), await gradientOn(1), await gradientOn(4)];
  expect(again).toEqual(one);
  expect(four, 'the sum of four partial sums is rounded otherwise').not.toEqual(one);
});

test('an impossible number of threads is refused, and no tensor is left', () => {
  const before = tf.memory().numTensors;
  expect(() => createVariables({ x }, { threads: 0 })).toThrow(/positive whole number of threads, not 0/);
  expect(tf.memory().numTensors).toBe(before);
});

test('with XLA, clusters of ops are compiled, to the same values', async () => {
  const [plain, xla] = [await computeWith({}), await computeWith({ xla: true })];
  expect(plain.ops).not.toMatch(/xla_run/);
  expect(xla.ops).toMatch(/xla_run/);
  expect(relativeError(xla.values, plain.values)).toBeLessThan(1e-5);
});

const hasAvx512 = process.platform === 'linux' && readFileSync('/proc/cpuinfo', 'utf8').includes('avx512');
test.runIf(hasAvx512)('with bfloat16, products are taken of rounded inputs', async () => {
  const [plain, rounded] = [await computeWith({}), await computeWith({ precision: 'bfloat16' })];
  const error = relativeError(rounded.values, plain.values);
  expect(error).toBeGreaterThan(1e-4);
  expect(error, 'six values are rounded on the way, by 2^-9 each at most').toBeLessThan(6 * 2 ** -9);
});
