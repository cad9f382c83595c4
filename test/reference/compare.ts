/** Comparing computed with recorded numbers. */
import { tf } from '../../src/engine/tensorflow';
import type { TensorValue } from '../../src/engine/values';

/** |a - b| / |b|, both as vectors: NaN when a number is missing or not a number. */
export function relativeError(computed: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (computed.length !== expected.length) return NaN;
  const b = Array.from(expected);
  return Math.hypot(...b.map((value, i) => computed[i] - value)) / Math.hypot(...b);
}

/** A value as a tensor. */
export function toTensor({ values, shape, dtype }: TensorValue): tf.Tensor {
  return tf.tensor(values, [...shape], dtype);
}
