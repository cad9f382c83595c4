/** Between tensors of TensorFlow and plain values. */
import { tf } from './tensorflow';
import type { DataType, TensorValue } from './values';

/** A new tensor with the given values; the caller (or its tidy) disposes of it. */
export function toTensor({ values, shape, dtype }: TensorValue): tf.Tensor {
  return tf.tensor(values, [...shape], dtype);
}

/** The values of a tensor, copied out of TensorFlow. Blocks until they are computed. */
export function toValue(tensor: tf.Tensor): TensorValue {
  return {
    dtype: tensor.dtype as DataType,
    shape: tensor.shape,
    values: tensor.dataSync().slice(),
  };
}
