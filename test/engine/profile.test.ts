import { expect, test } from 'vitest';
import { compile } from '../../src/engine/compile';
import { profile } from '../../src/engine/profile';
import { tf } from '../../src/engine/tensorflow';
import { float32 } from '../../src/engine/values';
import { createVariables } from '../../src/engine/variables';

test('a profile counts the ops of a call, with time and device', async () => {
  const variables = createVariables({ weight: float32([1, 2, 3, 4], [2, 2]) }, { threads: 1 });
  const { weight } = variables.tensors;
  const fn = ({ x }: Record<string, tf.Tensor>) => {
    weight.assign(weight.mul(0.5));
    return {
      y: tf.matMul(tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D).sin(), weight as tf.Tensor2D).sum(),
    };
  };
  const ops = await profile(fn, { variables, inputs: { x: float32([1, 0, 0, 1], [2, 2]) }, calls: 3 });
  const products = ops.filter(({ op }) => op.includes('MatMul'));
  expect(products.reduce((total, { count }) => total + count, 0)).toBe(2);
  expect(products[0].device).toMatch(/device:(CPU|GPU):0/);
  expect(products[0].microseconds).toBeGreaterThanOrEqual(0);
  // One call to warm up and three traced ones halved the weight four times.
  expect((await variables.read()).weight.values[0]).toBe(1 / 16);
  variables.dispose();
});

test.each([
  [false, false],
  [true, false],
  [false, true],
  [true, true],
])('a product of matrices, transposed %s and %s, is one MatMul', async (first, second) => {
  const variables = createVariables({}, { threads: 1 });
  const fn = ({ x, y }: Record<string, tf.Tensor>) => ({
    product: tf.matMul(x, y, first, second),
  });
  const inputs = { x: float32([1, 2, 3, 4], [2, 2]), y: float32([5, 6, 7, 8], [2, 2]) };
  const at = (m: number[], transposed: boolean, i: number, j: number) =>
    m[transposed ? 2 * j + i : 2 * i + j];
  const expected = [0, 1, 2, 3].map(n =>
    [0, 1].reduce(
      (sum, k) => sum + at([1, 2, 3, 4], first, n >> 1, k) * at([5, 6, 7, 8], second, k, n & 1),
      0,
    ),
  );
  const { product } = await compile(fn, { variables })(inputs);
  expect([...product.values]).toEqual(expected);
  const ops = (await profile(fn, { variables, inputs, calls: 1 })).map(({ op }) => op);
  expect(ops.filter(op => op.endsWith('MatMul') || op.startsWith('BatchMatMul'))).toEqual(['MatMul']);
  variables.dispose();
});

test('eager variables cannot be profiled, and the error says what to change', async () => {
  const variables = createVariables({}, { compile: false });
  await expect(profile(() => ({ y: tf.scalar(1) }), { variables, inputs: {} })).rejects.toThrow(
    /compile: true/,
  );
});
