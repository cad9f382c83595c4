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

const arrayTypes = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/**
 * @param name says in an error what the value was given as
 * @throws TypeError when it is no tensor value, or its array is not its element type's; RangeError for another number of values
 */
export function requireTensorValue(name: string, value: TensorValue): void {
  const { dtype, shape, values } = (value ?? {}) as Partial<TensorValue>;
  if (!dtype || !Object.hasOwn(arrayTypes, dtype) || !Array.isArray(shape)) {
    throw new TypeError(
      `${name} is not a tensor value { dtype, shape, values } of type ${Object.keys(arrayTypes).join(', ')}: make it with float32(...) or int32(...).`,
    );
  }
  const ArrayType = arrayTypes[dtype];
  if (!(values instanceof ArrayType))
    throw new TypeError(`${name} is ${dtype}, so its values must be a ${ArrayType.name}.`);
  if (values.length !== sizeOf(shape)) {
    throw new RangeError(
      `${name} has the shape [${shape.join(', ')}], but ${values.length} values. Check the shape.`,
    );
  }
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
