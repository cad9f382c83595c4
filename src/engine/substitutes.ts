/** What stands in an op's place: in the graph an op that is faster, while recording one that is cheaper. */
import { type Binding, type OutputMetadata, typeAttribute, typeNumbers } from './backend';
import type { AttributeValue } from './protobuf';

/**
 * An op as the graph has it. tfjs multiplies matrices by BatchMatMulV2; MatMul takes half its time on matrices of a few hundred rows, and
 * TensorFlow fuses it with a bias that is added.
 */
export function inGraphForm(
  op: string,
  attributes: Record<string, AttributeValue>,
  results: OutputMetadata[],
): [op: string, attributes: Record<string, AttributeValue>] {
  if (op !== 'BatchMatMulV2' || results[0].shape.length !== 2) return [op, attributes];
  const { T, adj_x, adj_y } = attributes;
  return ['MatMul', { T, transpose_a: adj_x, transpose_b: adj_y }];
}

/** Which input of an op is the shape of its result, of the two that take most of a training step. */
const shapeInputs: Record<string, number> = { Conv2DBackpropInput: 0, Conv2DBackpropFilter: 1 };

/** Runs an op for the shapes of its results: their values mean nothing while recording, so that zeros save a convolution. */
export function runWhileRecording(
  binding: Binding,
  ...[op, attributes, inputs, outputCount]: Parameters<Binding['executeOp']>
): OutputMetadata[] {
  const shape = inputs[shapeInputs[op]];
  if (shape === undefined) return binding.executeOp(op, attributes, inputs, outputCount);
  const zero = binding.createTensor([], typeNumbers.float32, new Float32Array(1));
  const fill = [typeAttribute('T', 'float32'), typeAttribute('index_type', 'int32')];
  const results = binding.executeOp('Fill', fill, [shape, zero], 1);
  binding.deleteTensor(zero);
  return results;
}
