/** Self-attention over the pixels of an image. */
import { biasAdd } from '../engine/ops';
import { tf } from '../engine/tensorflow';
import type { Parameters, ParameterSpec } from '../diffusion/network';
import { convolutionParameters, normalization, type Normalization, normalizationParameters } from './layers';
import type { Start } from './starts';

/**
 * softmax(q k' / sqrt(C / heads)) v, each head on its own run of channels.
 * @param q [B, N, C], as k and v
 * @returns [B, N, C]
 */
export function attend(q: tf.Tensor3D, k: tf.Tensor3D, v: tf.Tensor3D, heads: number): tf.Tensor3D {
  const [batch, pixels, channels] = q.shape;
  const size = channels / heads;
  const split = (x: tf.Tensor3D): tf.Tensor3D => {
    if (heads === 1) return x;
    const perHead = x.reshape([batch, pixels, heads, size]).transpose([0, 2, 1, 3]);
    return perHead.reshape([batch * heads, pixels, size]);
  };
  const join = (x: tf.Tensor3D): tf.Tensor3D => {
    if (heads === 1) return x;
    return x.reshape([batch, heads, pixels, size]).transpose([0, 2, 1, 3]).reshape([batch, pixels, channels]);
  };
  const scores = tf.matMul<tf.Tensor3D>(split(q).mul(1 / Math.sqrt(size)), split(k), false, true); // [B h, N, N]
  return join(tf.matMul(tf.softmax(scores), split(v)));
}

/** Parameters of EDM's attention at the end of the block `name`: norm2, and qkv and proj as convolutions of one pixel. */
export function attentionParameters(name: string, channels: number, start: Start): ParameterSpec[] {
  return [
    ...normalizationParameters(`${name}.norm2`, channels),
    ...convolutionParameters(
      `${name}.qkv`,
      1,
      { from: channels, to: 3 * channels },
      { start, role: 'attention' },
    ),
    ...convolutionParameters(
      `${name}.proj`,
      1,
      { from: channels, to: channels },
      { start, role: 'residual' },
    ),
  ];
}

/** What EDM's attention adds to x [B, H, W, C]: proj(attend(qkv(norm2(x)))), with one head. */
export function attention(
  parameters: Parameters,
  name: string,
  x: tf.Tensor4D,
  norm: Normalization,
): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const pixels = normalization(parameters, `${name}.norm2`, x, norm).reshape([-1, channels]); // [B N, C]
  const qkv = biasAdd(
    tf.matMul(pixels, apart(parameters[`${name}.qkv.weight`], [channels])),
    apart(parameters[`${name}.qkv.bias`], []).reshape([-1]),
  );
  const [q, k, v] = tf.split<tf.Tensor3D>(qkv.reshape([batch, -1, 3 * channels]), 3, 2); // [B, N, C]
  const attended = attend(q, k, v, 1).reshape([-1, channels]);
  const weight = parameters[`${name}.proj.weight`].reshape([channels, channels]);
  return biasAdd(tf.matMul(attended, weight), parameters[`${name}.proj.bias`]).reshape([
    batch,
    height,
    width,
    channels,
  ]);
}

/** EDM's outputs are q_0 k_0 v_0 q_1 k_1 v_1 ...; to [...inputs, 3 C], all of q before all of k before all of v. */
function apart(interleaved: tf.Tensor, inputs: number[]): tf.Tensor2D {
  const channels = interleaved.shape[interleaved.rank - 1] / 3;
  const last = inputs.length;
  const axes = [...inputs.keys(), last + 1, last];
  return interleaved
    .reshape([...inputs, channels, 3])
    .transpose(axes)
    .reshape([...inputs, 3 * channels]);
}
