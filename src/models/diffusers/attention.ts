/** Self-attention as diffusers has it between the residual layers of a UNet2DModel. */
import type { tf } from '../../engine/tensorflow';
import type { Parameters, ParameterSpec } from '../../diffusion/network';
import { attend } from '../attention';
import {
  linear,
  linearParameters,
  type Normalization,
  normalization,
  normalizationParameters,
} from '../layers';

/** An "Attention" of diffusers with a skip path around it, on `to` channels. */
export interface AttentionModule {
  readonly kind: 'attention';
  readonly name: string;
  readonly to: number;
  readonly heads: number;
  readonly normalization: Normalization;
  /** What the sum of both paths is divided by. */
  readonly divisor: number;
}

/** The module's parameters. */
export function attentionParameters({ name, to }: AttentionModule): ParameterSpec[] {
  return [
    ...normalizationParameters(`${name}.group_norm`, to),
    ...['to_q', 'to_k', 'to_v', 'to_out.0'].flatMap(layer => linearParameters(`${name}.${layer}`, to, to)),
  ];
}

/** (to_out(attend(to_q(n), to_k(n), to_v(n))) + x) / divisor with n = group_norm(x), for x [B, H, W, C]. */
export function attention(parameters: Parameters, module: AttentionModule, x: tf.Tensor4D): tf.Tensor4D {
  const { name, to, heads, divisor } = module;
  const normalized = normalization(parameters, `${name}.group_norm`, x, module.normalization);
  const project = (layer: string, pixels: tf.Tensor) =>
    linear(parameters, `${name}.${layer}`, pixels.reshape([-1, to])).reshape<tf.Tensor3D>([
      x.shape[0],
      -1,
      to,
    ]);
  const [q, k, v] = ['to_q', 'to_k', 'to_v'].map(layer => project(layer, normalized)); // [B, N, C]
  const attended = project('to_out.0', attend(q, k, v, heads)).reshape<tf.Tensor4D>(x.shape);
  return attended.add<tf.Tensor4D>(x).div(divisor);
}
