/** The loss of multinomial logistic regression in TensorFlow, in float64: for matrices too large for plain loops. */
import { typeNumbers } from '../engine/backend';
import { addVariableHandle, createGraph, type Output, shapeProto } from '../engine/graph';
import { createSession } from '../engine/session';
import type { Objective } from './lbfgs';

/** The sum over images of -log softmax(h W + b)[label] and its derivatives, and how to free the memory. */
export interface SoftmaxObjective {
  readonly objective: Objective;
  readonly dispose: () => void;
}

const { float64, resource, int32 } = typeNumbers;
const type = { type: float64 };

/**
 * Holds the features [N, F] and the classes of their rows in a TensorFlow session of its own; the objective's argument is
 * W [F, K], then b [K], row-major.
 */
export async function softmaxObjective(
  features: Float64Array,
  labels: ArrayLike<number>,
  width: number,
  classes: number,
): Promise<SoftmaxObjective> {
  const count = labels.length;
  const session = createSession();
  const graph = createGraph('softmax');
  const add = (op: string, inputs: Output[], attributes = {}, index = 0): Output => {
    return { name: `${graph.add(op, attributes, inputs)}:${index}`, dtype: float64 };
  };
  const placeholder = (shape: number[]) =>
    add('Placeholder', [], { dtype: type, shape: { shape: shapeProto(shape) } });
  const held = (name: string, shape: number[]) => {
    const handle = { name: `${addVariableHandle(graph, name, 'float64', shape)}:0`, dtype: resource };
    const value = placeholder(shape);
    const assign = graph.add('AssignVariableOp', { dtype: type }, [handle, value]);
    return { value, assign, read: add('ReadVariableOp', [handle], { dtype: type }) };
  };
  const h = held('features', [count, width]);
  const target = held('oneHot', [count, classes]);
  const weights = placeholder([width, classes]);
  const bias = placeholder([classes]);
  const logits = add('BiasAdd', [add('MatMul', [h.read, weights]), bias]); // [N, K]
  const crossEntropy = graph.add('SoftmaxCrossEntropyWithLogits', {}, [logits, target.read]);
  const loss = { name: `${crossEntropy}:0`, dtype: float64 }; // [N]
  const residual = { name: `${crossEntropy}:1`, dtype: float64 }; // softmax - one-hot, [N, K]
  const first = graph.constant(int32, [1], new Uint8Array(4)); // axis 0
  const outputs = [
    add('Sum', [loss, first]),
    add('MatMul', [h.read, residual], { transpose_a: { b: true } }), // [F, K]
    add('Sum', [residual, first]),
  ];
  session.extend(graph.serialize());
  const oneHot = new Float64Array(count * classes);
  for (let n = 0; n < count; n++) oneHot[n * classes + labels[n]] = 1;
  const fill = session.prepare([h.value.name, target.value.name], [], [h.assign, target.assign]);
  await fill([
    { dtype: float64, shape: [count, width], values: features },
    { dtype: float64, shape: [count, classes], values: oneHot },
  ]).catch((error: unknown) => {
    session.dispose();
    throw error;
  });
  const call = session.prepare(
    [weights.name, bias.name],
    outputs.map(output => output.name),
    [],
  );
  const biasAt = width * classes;
  const objective: Objective = async (parameters, gradient) => {
    const [total, ofWeights, ofBias] = await call([
      { dtype: float64, shape: [width, classes], values: parameters.subarray(0, biasAt) },
      { dtype: float64, shape: [classes], values: parameters.subarray(biasAt) },
    ]);
    gradient.set(ofWeights.values);
    gradient.set(ofBias.values, biasAt);
    return (total.values as Float64Array)[0];
  };
  return { objective, dispose: () => session.dispose() };
}
