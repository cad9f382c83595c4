/**
 * All parameters of a network in one vector. Optimizer and average then are a few ops on it, instead of a few ops for each of
 * a hundred small tensors, which took as long as the convolutions.
 */
import type { Parameters } from '../diffusion/network';
import { tf } from '../engine/tensorflow';
import { float32, type NamedValues, sizeOf, type TensorValue } from '../engine/values';

/** Name and shape of each parameter, in their order in the vector. */
export type Layout = readonly { readonly name: string; readonly shape: readonly number[] }[];

/** The values of parameters one after the other [P], in the layout's order. */
export function pack(values: NamedValues, layout: Layout): TensorValue {
  const packed = new Float32Array(layout.reduce((total, { shape }) => total + sizeOf(shape), 0));
  let offset = 0;
  for (const { name } of layout) {
    packed.set(values[name].values, offset);
    offset += values[name].values.length;
  }
  return float32(packed);
}

/** The inverse of {@link pack}. */
export function unpack({ values }: TensorValue, layout: Layout): NamedValues {
  let offset = 0;
  return Object.fromEntries(
    layout.map(({ name, shape }) => {
      const start = offset;
      offset += sizeOf(shape);
      return [name, float32(values.slice(start, offset), shape)];
    }),
  );
}

/** As {@link unpack}, of a tensor and with a gradient. */
export function unpackTensor(packed: tf.Tensor, layout: Layout): Parameters {
  const pieces = tf.split(
    packed,
    layout.map(({ shape }) => sizeOf(shape)),
  );
  return Object.fromEntries(layout.map(({ name, shape }, i) => [name, pieces[i].reshape([...shape])]));
}
