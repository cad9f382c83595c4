/**
 * Tensor functions that networks are made of and tfjs lacks, or has only as many small ops: each one is a few TensorFlow ops
 * with a gradient of its own, so that a training step stays short. They run eagerly and inside compiled functions.
 */
import { executeOp, integerAttribute, stringAttribute, typeAttribute } from './backend';
import { tf } from './tensorflow';

/** What a differentiable function computes, keeps for its gradient, and how the gradient of each input follows from that. */
interface Differentiable {
  value: tf.Tensor;
  saved: tf.Tensor[];
  gradient: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor[];
}

/** A function of tensors with its own gradient: tf.customGrad with types. */
function differentiable<Inputs extends tf.Tensor[]>(compute: (...inputs: Inputs) => Differentiable) {
  const run = tf.customGrad((...inputsAndSave: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const save = inputsAndSave.pop() as tf.GradSaveFunc;
    const { value, saved, gradient } = compute(...(inputsAndSave as Inputs));
    save(saved);
    return { value, gradFunc: gradient };
  });
  return (...inputs: Inputs): tf.Tensor => run(...inputs);
}

function single(op: string, inputs: tf.Tensor[], channelsLast = false): tf.Tensor {
  const attributes = [typeAttribute('T', 'float32')];
  if (channelsLast) attributes.push(stringAttribute('data_format', 'NHWC'));
  return executeOp(op, attributes, inputs, 1)[0];
}

const biasAddWithGradient = differentiable<[tf.Tensor, tf.Tensor]>((x, bias) => ({
  value: single('BiasAdd', [x, bias], true),
  saved: [],
  gradient: dy => [dy, single('BiasAddGrad', [dy], true)],
}));

/** x [..., C] + bias [C], which TensorFlow fuses with a convolution or matrix product before it. */
export function biasAdd<T extends tf.Tensor>(x: T, bias: tf.Tensor): T {
  return biasAddWithGradient(x, bias) as T;
}

const siluWithGradient = differentiable<[tf.Tensor]>(x => {
  const sigmoid = tf.sigmoid(x);
  return {
    value: x.mul(sigmoid),
    saved: [x, sigmoid],
    // d(x s) = s + x s (1 - s), and SigmoidGrad(s, x) is x s (1 - s) in one op.
    gradient: (dy, [x, s]) => [dy.mul(s.add(single('SigmoidGrad', [s, x])))],
  };
});

/** x * sigmoid(x), element by element ("swish"). */
export function silu<T extends tf.Tensor>(x: T): T {
  return siluWithGradient(x) as T;
}

/**
 * Group normalization (Wu & He 2018) of x [B, H, W, C]: each of `groups` runs of neighbouring channels is brought to mean 0 and
 * variance 1 within an image, then scaled by gamma [C] and shifted by beta [C].
 *
 * The variance is E[x^2] - E[x]^2, as in PyTorch's channels-last kernel: two plain sums, exact to about 1e-7 (mean / deviation)^2.
 * @throws RangeError when the channels cannot be split into that many groups.
 */
export function groupNorm(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  groups: number,
  epsilon: number,
): tf.Tensor4D {
  const channels = x.shape[3];
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
    throw new RangeError(
      `${channels} channels cannot be normalized in ${groups} groups: give a number of groups that divides the channels.`,
    );
  }
  const normalize = differentiable<[tf.Tensor4D, tf.Tensor1D, tf.Tensor1D]>((x, gamma, beta) =>
    normalizeGroups(x, gamma, beta, groups, epsilon),
  );
  return normalize(x, gamma, beta) as tf.Tensor4D;
}

function normalizeGroups(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  groups: number,
  epsilon: number,
): Differentiable {
  const [batch, height, width, channels] = x.shape;
  const pixels = height * width;
  const perGroup = channels / groups;
  const share = 1 / (pixels * perGroup);
  const flat = (t: tf.Tensor) => t.reshape([batch, pixels, channels]); // [B, N, C]
  const grouped = (t: tf.Tensor) => t.reshape([-1, groups, perGroup]); // [B or 1, G, C/G]
  const perChannel = (t: tf.Tensor) => t.reshape([batch, 1, channels]); // [B, 1, C]
  const pixelSum = (t: tf.Tensor) => grouped(t.sum(1)); // [B, G, C/G]
  const groupMean = (t: tf.Tensor) => t.sum(2, true).mul(share); // [B, G, 1]

  const x3 = flat(x);
  const mean = groupMean(pixelSum(x3));
  const variance = groupMean(pixelSum(x3.square())).sub(mean.square()).relu(); // rounding may leave it below 0
  const inverse = variance.add(epsilon).rsqrt(); // [B, G, 1]
  // y = (x - mean) inverse gamma + beta = x scale + shift
  const scale = inverse.mul(grouped(gamma)); // [B, G, C/G]
  const shift = grouped(beta).sub(mean.mul(scale));
  const value = x3.mul(perChannel(scale)).add(perChannel(shift)).reshape(x.shape);

  const gradient = (dy: tf.Tensor, [x, gamma, mean, inverse]: tf.Tensor[]): tf.Tensor[] => {
    const x3 = flat(x);
    const dy3 = flat(dy);
    // With xhat = (x - mean) inverse: dx = inverse (gamma dy - A - xhat C), A and C the group means of gamma dy and gamma dy xhat.
    const dySum = pixelSum(dy3); // [B, G, C/G]
    const dyXhatSum = pixelSum(dy3.mul(x3)).sub(dySum.mul(mean)).mul(inverse);
    const weights = grouped(gamma);
    const a = groupMean(dySum.mul(weights)); // [B, G, 1]
    const c = groupMean(dyXhatSum.mul(weights)).mul(inverse);
    const ones = tf.ones([1, 1, perGroup]);
    const ofDy = inverse.mul(weights);
    const ofX = c.mul(inverse).neg().mul(ones);
    const constant = c.mul(mean).sub(a).mul(inverse).mul(ones);
    const dx = dy3
      .mul(perChannel(ofDy))
      .add(x3.mul(perChannel(ofX)))
      .add(perChannel(constant));
    return [dx.reshape(x.shape), dyXhatSum.sum(0).reshape([channels]), dySum.sum(0).reshape([channels])];
  };
  return { value, saved: [x, gamma, mean, inverse], gradient };
}

/** Each pixel twice in both directions, by two copies: several times faster than TensorFlow's resizing ops on a CPU. */
function repeatPixels(x: tf.Tensor): tf.Tensor {
  const [batch, height, width, channels] = x.shape;
  const wide = tf.concat([x, x], 3).reshape([batch, height, 2 * width * channels]);
  return tf.concat([wide, wide], 2).reshape([batch, 2 * height, 2 * width, channels]);
}

function poolPixels(x: tf.Tensor): tf.Tensor {
  return tf.avgPool(x as tf.Tensor4D, 2, 2, 'valid');
}

const upsampleWithGradient = differentiable<[tf.Tensor]>(x => ({
  value: repeatPixels(x),
  saved: [],
  gradient: dy => [poolPixels(dy).mul(4)],
}));

const poolWithGradient = differentiable<[tf.Tensor]>(x => ({
  value: poolPixels(x),
  saved: [],
  gradient: dy => [repeatPixels(dy.mul(1 / 4))],
}));

/** Nearest-neighbour upsampling by two: [B, H, W, C] -> [B, 2H, 2W, C]. */
export function upsample2x(x: tf.Tensor4D): tf.Tensor4D {
  return upsampleWithGradient(x) as tf.Tensor4D;
}

/**
 * Average pooling of two by two pixels: [B, H, W, C] -> [B, H/2, W/2, C].
 * @throws RangeError when the height or width is odd.
 */
export function averagePool2x(x: tf.Tensor4D): tf.Tensor4D {
  const [, height, width] = x.shape;
  if (height % 2 !== 0 || width % 2 !== 0) {
    throw new RangeError(`Images of ${height}x${width} cannot be halved: both sides must be even.`);
  }
  return poolWithGradient(x) as tf.Tensor4D;
}

/**
 * Rows of x [N, ...] by index [M] -> [M, ...]; no gradient. Unlike tf.gather it reads nothing back, so it can be recorded;
 * an index outside [0, N) is TensorFlow's error at the call.
 */
export function gatherRows(x: tf.Tensor, indices: tf.Tensor1D): tf.Tensor {
  const attributes = [
    typeAttribute('Tparams', x.dtype),
    typeAttribute('Tindices', 'int32'),
    typeAttribute('Taxis', 'int32'),
    integerAttribute('batch_dims', 0),
  ];
  return tf.tidy(() => executeOp('GatherV2', attributes, [x, indices, tf.scalar(0, 'int32')], 1)[0]);
}
