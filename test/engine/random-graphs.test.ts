import { expect, test } from 'vitest';
import { compile } from '../../src/engine/compile';
import { biasAdd, groupNorm, silu } from '../../src/engine/ops';
import { tf } from '../../src/engine/tensorflow';
import { float32 } from '../../src/engine/values';
import { createVariables } from '../../src/engine/variables';

/** A small generator with a seed (mulberry32): a failing graph can be made again from its number. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Operation = (x: tf.Tensor2D, y: tf.Tensor2D, weight: tf.Tensor2D) => tf.Tensor;

/** Functions [4, 8] x [4, 8] -> [4, 8] whose values stay moderate; each brings a different group of ops with its gradients. */
const operations: Record<string, Operation> = {
  add: (x, y) => x.add(y),
  subtractAndHalve: (x, y) => x.sub(y).mul(0.5),
  multiply: (x, y) => x.mul(y).clipByValue(-3, 3),
  divide: (x, y) => x.div(y.square().add(1)),
  matMul: (x, _, w) => tf.matMul<tf.Tensor2D>(x, w).mul(0.3),
  matMulTransposed: (x, _, w) => tf.matMul<tf.Tensor2D>(x, w, false, true).mul(0.3),
  broadcastRow: (x, y) => x.add(y.slice([1, 0], [1, 8])),
  broadcastMean: (x, y) => x.sub(y.mean(1, true)),
  softmax: x => tf.softmax(x, 1),
  logSumExp: (x, y) => x.sub(y.logSumExp(1, true)),
  tanh: x => x.tanh(),
  sine: (x, y) => x.sin().add(y.cos()),
  exponential: x => x.clipByValue(-2, 2).exp().sub(1),
  logarithm: x => x.square().add(0.5).log(),
  root: (x, y) => x.square().add(y.square()).add(1e-2).sqrt(),
  power: x => x.abs().add(0.1).pow(1.5).clipByValue(0, 3),
  absolute: x => x.abs().sub(1),
  relu: x => x.relu(),
  sigmoid: x => tf.sigmoid(x).mul(x),
  silu: x => silu(x),
  biasAdd: (x, y) => biasAdd(x, y.slice([0, 0], [1, 8]).reshape([8])),
  groupNorm: (x, y) =>
    groupNorm(
      x.reshape([2, 2, 2, 4]),
      y.slice([0, 0], [1, 4]).reshape([4]),
      y.slice([1, 0], [1, 4]).reshape([4]),
      2,
      1e-2,
    ).reshape([4, 8]),
  maximum: (x, y) => tf.maximum(x, y.mul(0.5)),
  select: (x, y) => tf.where(tf.range(0, 32).reshape<tf.Tensor2D>([4, 8]).mod(3).equal(0), x, y.mul(0.1)),
  transpose: x => x.reshape([8, 4]).transpose(),
  concatenate: (x, y) => tf.concat([x.slice([0, 4], [4, 4]), y.slice([0, 0], [4, 4])], 1),
  split: x => tf.split(x, 2, 1).reduce((a, b) => tf.concat([b, a], 1)),
  stack: (x, y) => tf.stack([x, y], 0).mean<tf.Tensor2D>(0),
  pad: x =>
    x.slice([0, 1], [4, 7]).pad([
      [0, 0],
      [0, 1],
    ]),
  reverse: x => x.reverse(1),
  tile: x => tf.tile(x.slice([0, 0], [4, 4]), [1, 2]),
  sum: (x, y) => x.mul(y.sum(0, true).mul(0.1)),
  convolution: (x, _, w) =>
    tf
      .conv2d(
        x.reshape<tf.Tensor4D>([1, 4, 8, 1]),
        w.slice([0, 0], [3, 3]).reshape<tf.Tensor4D>([3, 3, 1, 1]),
        1,
        'same',
      )
      .reshape([4, 8]),
  averagePool: (x, y) =>
    tf
      .avgPool(x.reshape<tf.Tensor4D>([1, 4, 8, 1]), 2, 1, 'same')
      .reshape<tf.Tensor2D>([4, 8])
      .add(y.mul(0.1)),
  cast: x => x.add(x.round().toInt().toFloat()).mul(0.5),
};

const names = Object.keys(operations);

/** A graph of `size` operations on two inputs and a weight; each takes two earlier results. */
function randomGraph(seed: number) {
  const random = generator(seed);
  const pick = (count: number) => Math.floor(random() * count);
  const steps = Array.from({ length: 3 + pick(8) }, (_, i) => ({
    name: names[pick(names.length)],
    a: pick(i + 2),
    b: pick(i + 2),
  }));
  const values = (count: number) => Float32Array.from({ length: count }, () => 2 * random() - 1);
  const fn = (x: tf.Tensor, y: tf.Tensor, weight: tf.Tensor): tf.Scalar => {
    const results = [x as tf.Tensor2D, y as tf.Tensor2D];
    for (const { name, a, b } of steps)
      results.push(operations[name](results[a], results[b], weight as tf.Tensor2D) as tf.Tensor2D);
    return results
      .reduce<tf.Tensor>(
        (total, result, i) => total.add(result.mul(1 / (i + 1)).mean()),
        weight.square().mean(),
      )
      .asScalar();
  };
  return {
    description: steps.map(step => step.name).join(' '),
    fn,
    x: float32(values(32), [4, 8]),
    y: float32(values(32), [4, 8]),
    weight: float32(values(64), [8, 8]),
  };
}

function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < a.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    norm += b[i] ** 2;
  }
  return Math.sqrt(difference) / (Math.sqrt(norm) + 1e-3);
}

test('compiled and eager execution of 240 random graphs agree, gradients too', async () => {
  const used = new Set<string>();
  for (let seed = 0; seed < 240; seed++) {
    const { description, fn, x, y, weight } = randomGraph(seed);
    description.split(' ').forEach(name => used.add(name));
    const results = [];
    for (const compiled of [true, false]) {
      const variables = createVariables({ weight }, { compile: compiled, threads: 1 });
      const run = compile(
        inputs => {
          const { value, grads } = tf.valueAndGrads(fn)([inputs.x, inputs.y, variables.tensors.weight]);
          return { value, ofX: grads[0], ofY: grads[1], ofWeight: grads[2] };
        },
        { variables },
      );
      results.push(await run({ x, y }));
      variables.dispose();
    }
    const [compiled, eager] = results;
    for (const output of ['value', 'ofX', 'ofY', 'ofWeight']) {
      // Both run TensorFlow's float32 kernels; the session may fuse or reorder, which moves the last digits.
      const difference = relativeDifference(compiled[output].values, eager[output].values);
      expect(difference, `graph ${seed} (${description}), ${output}`).toBeLessThan(1e-5);
    }
  }
  expect([...used].sort(), 'every operation occurs').toEqual([...names].sort());
});
