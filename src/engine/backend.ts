/** The door to TensorFlow's own ops: any op by name, beside those that tfjs wraps. */
import { tf } from './tensorflow';

/** An attribute of a TensorFlow op, as the native binding takes it. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** What an executed op reports of one output: TensorFlow's handle, shape and type number. */
export interface OutputMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** The native binding of tfjs-node: every tensor and op of eager execution passes through it. */
export interface Binding {
  createTensor(shape: number[], dtype: number, values: ArrayBufferView | number[]): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  executeOp(name: string, attributes: OpAttribute[], inputs: number[], outputCount: number): OutputMetadata[];
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
}

interface NodeBackend {
  binding: Binding;
  /** Whether ops run on a GPU. */
  readonly isUsingGpuDevice: boolean;
  readonly tensorMap: { get(dataId: object): { readonly dtype: number } };
  getInputTensorIds(tensors: tf.Tensor[]): number[];
  createOutputTensor(metadata: OutputMetadata): tf.Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: OpAttribute[],
    inputs: tf.Tensor[],
    outputCount: number,
  ): tf.Tensor[];
}

/** The TensorFlow backend of tfjs. */
export const backend = tf.backend() as unknown as NodeBackend;

/** TensorFlow's numbers of the element types (tensorflow/core/framework/types.proto). */
export const typeNumbers = {
  float32: 1,
  float64: 2,
  int32: 3,
  uint8: 4,
  string: 7,
  complex64: 8,
  int64: 9,
  bool: 10,
  resource: 20,
} as const;

/** A type attribute such as `T`. */
export function typeAttribute(name: string, dtype: keyof typeof typeNumbers): OpAttribute {
  return { name, type: backend.binding.TF_ATTR_TYPE, value: typeNumbers[dtype] };
}

/** An integer attribute, or a list of integers such as strides. */
export function integerAttribute(name: string, value: number | number[]): OpAttribute {
  return { name, type: backend.binding.TF_ATTR_INT, value };
}

/** A Boolean attribute. */
export function booleanAttribute(name: string, value: boolean): OpAttribute {
  return { name, type: backend.binding.TF_ATTR_BOOL, value };
}

/** A string attribute such as `data_format`. */
export function stringAttribute(name: string, value: string): OpAttribute {
  return { name, type: backend.binding.TF_ATTR_STRING, value };
}

/**
 * Runs any TensorFlow op by name, without a gradient.
 * @throws Error with TensorFlow's message when the op is unknown or its inputs do not fit.
 */
export function executeOp(
  name: string,
  attributes: OpAttribute[],
  inputs: tf.Tensor[],
  outputCount: number,
): tf.Tensor[] {
  return backend.executeMultipleOutputs(name, attributes, inputs, outputCount);
}
