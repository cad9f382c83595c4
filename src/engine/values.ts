/** Tensors as plain values: what goes into and comes out of compiled functions, files and worker processes. */

/** The element types that the library computes with, by TensorFlow's (and tfjs's) names. */
export type DataType = 'float32' | 'int32' | 'bool';

/** A tensor outside TensorFlow: row-major `values` of the product of `shape` elements (bool as 0 or 1). */
export interface TensorValue {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/** Tensors by name: parameters of a network, inputs or outputs of a compiled function. */
export type NamedValues = Record<string, TensorValue>;

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}

/**
 * A float32 tensor value; `values` is not copied when it is a Float32Array already.
 * @throws RangeError when the number of values is not the shape's.
 */
export function float32(values: ArrayLike<number>, shape: readonly number[] = [values.length]): TensorValue {
  return checked({
    dtype: 'float32',
    shape,
    values: values instanceof Float32Array ? values : Float32Array.from(values),
  });
}

/**
 * An int32 tensor value; `values` is not copied when it is an Int32Array already.
 * @throws RangeError when the number of values is not the shape's.
 */
export function int32(values: ArrayLike<number>, shape: readonly number[] = [values.length]): TensorValue {
  return checked({
    dtype: 'int32',
    shape,
    values: values instanceof Int32Array ? values : Int32Array.from(values),
  });
}

/** A float32 scalar. */
export function float32Scalar(value: number): TensorValue {
  return float32([value], []);
}

/** An int32 scalar. */
export function int32Scalar(value: number): TensorValue {
  return int32([value], []);
}

function checked(tensor: TensorValue): TensorValue {
  const expected = sizeOf(tensor.shape);
  if (tensor.values.length !== expected) {
    throw new RangeError(
      `A tensor of shape [${tensor.shape.join(', ')}] holds ${expected} values, but ${tensor.values.length} were given. Check the shape.`,
    );
  }
  return tensor;
}
