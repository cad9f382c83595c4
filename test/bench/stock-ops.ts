/**
 * `node --require test/bench/stock-ops.ts`: networks then are made of plain tfjs functions with their own gradients, as its users
 * write them, instead of the ops of engine/ops.
 */
import type * as ops from '../../src/engine/ops';
import { tf } from '../../src/engine/tensorflow';

const stockOps: typeof ops = {
  biasAdd: (x, bias) => x.add(bias),
  silu: x => x.mul(tf.sigmoid(x)),
  groupNorm(x, gamma, beta, groups, epsilon) {
    const [batch, height, width, channels] = x.shape;
    const grouped = x.reshape([batch, height, width, groups, channels / groups]);
    const { mean, variance } = tf.moments(grouped, [1, 2, 4], true);
    const normalized = grouped.sub(mean).div(variance.add(epsilon).sqrt());
    return normalized.reshape<tf.Tensor4D>(x.shape).mul<tf.Tensor4D>(gamma).add(beta);
  },
  upsample2x: x => tf.image.resizeNearestNeighbor(x, [2 * x.shape[1], 2 * x.shape[2]]),
  averagePool2x: x => tf.avgPool(x, 2, 2, 'valid'),
  gatherRows: (x, indices) => tf.gather(x, indices),
};

const path = require.resolve('../../src/engine/ops');
require.cache[path] = { ...module, id: path, filename: path, loaded: true, exports: stockOps };
