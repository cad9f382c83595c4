/**
 * Recording: a function of tensors runs once, eagerly, while every op that reaches TensorFlow is also written into a graph.
 * Inputs become placeholders, variables are read and assigned in the session, everything else that existed before or was
 * made from JavaScript numbers becomes a constant.
 */
import { typeNumbers } from './backend';
import type { GraphBuilder } from './graph';
import { createGraph, shapeProto } from './graph';
import type { AttributeValue } from './protobuf';
import { refuse } from './refusal';
import { tf } from './tensorflow';
import { toTensor } from './tensors';
import type { Trace } from './trace';
import { createTrace } from './trace';
import type { NamedValues } from './values';

/** A function that can be recorded: plain tfjs code, with no read-back, on inputs by name. */
export type TensorFunction = (inputs: Record<string, tf.Tensor>) => Record<string, tf.Tensor>;

/** A recorded function: its graph, and the names by which to call it. */
export interface Recording {
  readonly graph: Uint8Array;
  readonly nodeCount: number;
  readonly feeds: string[];
  readonly fetches: string[];
  readonly targets: string[];
  readonly inputNames: string[];
  readonly outputNames: string[];
}

/** What ops with a recorded form of their own (such as the fused optimizer step) may add to the graph. */
export interface Recorder {
  /**
   * Adds an op that updates variables in place; its first inputs are the variables' handles. Afterwards the variables
   * stand for their updated values.
   * @throws Error when one of the variables is not the compiled function's.
   */
  update(
    op: string,
    variables: tf.Variable[],
    inputs: tf.Tensor[],
    attributes: Record<string, AttributeValue>,
  ): void;
}

/** The recording under way, or undefined while ops run eagerly. */
export function activeRecorder(): Recorder | undefined {
  return active;
}
let active: Recorder | undefined;

/**
 * Runs `fn` once on the example inputs and records it.
 * @param variables - the session's variables by name; others may not be used
 * @param prefix - of the names of the graph's nodes
 * @throws Error naming op and line when something cannot be recorded: a value read back, a random op of tfjs, a variable
 * of another set, an op with side effects or with as many results as its input happens to ask for, strings.
 */
export function record(
  fn: TensorFunction,
  example: NamedValues,
  variables: Record<string, tf.Variable>,
  prefix: string,
): Recording {
  if (active)
    throw new Error(
      'A compiled function was called inside another one while it was recorded. Call plain functions there.',
    );
  const graph = createGraph(prefix);
  const trace = createTrace(graph, variables);
  active = trace;
  try {
    return trace.run(() => withoutTraces(variables, () => recordingOf(fn, graph, trace, example)));
  } finally {
    active = undefined;
  }
}

/** Runs `body`, then disposes of its tensors and gives the variables their values back. */
function withoutTraces<T>(variables: Record<string, tf.Variable>, body: () => T): T {
  const before = Object.values(variables).map(variable => tf.keep(tf.clone(variable)));
  tf.engine().startScope('record');
  try {
    return body();
  } finally {
    tf.engine().endScope();
    Object.values(variables).forEach((variable, i) => {
      if (variable.dataId !== before[i].dataId) variable.assign(before[i]);
      before[i].dispose();
    });
  }
}

function recordingOf(fn: TensorFunction, graph: GraphBuilder, trace: Trace, example: NamedValues): Recording {
  const { inputs, feeds } = placeholders(graph, trace, example);
  const outputs = fn(withoutMissing(inputs));
  checkOutputs(outputs);
  const fetches = Object.entries(outputs).map(([name, tensor]) => fetchOf(graph, trace, name, tensor, feeds));
  const targets = trace.assignments();
  return {
    graph: graph.serialize(),
    nodeCount: graph.nodeCount,
    feeds,
    fetches,
    targets,
    inputNames: Object.keys(example),
    outputNames: Object.keys(outputs),
  };
}

function placeholders(graph: GraphBuilder, trace: Trace, example: NamedValues) {
  const inputs: Record<string, tf.Tensor> = {};
  const feeds: string[] = [];
  for (const [name, value] of Object.entries(example)) {
    const dtype = typeNumbers[value.dtype];
    const node = graph.add(
      'Placeholder',
      { dtype: { type: dtype }, shape: { shape: shapeProto(value.shape) } },
      [],
    );
    inputs[name] = toTensor(value);
    trace.bind(inputs[name], { name: `${node}:0`, dtype });
    feeds.push(`${node}:0`);
  }
  return { inputs, feeds };
}

/** The output of the graph to fetch; TensorFlow fetches nothing that is fed, so an input goes through a node of its own. */
function fetchOf(
  graph: GraphBuilder,
  trace: Trace,
  name: string,
  tensor: tf.Tensor,
  feeds: string[],
): string {
  const output = trace.outputOf(tensor);
  requirePlainType(name, Object.entries(typeNumbers).find(([, number]) => number === output.dtype)?.[0]);
  return feeds.includes(output.name) ? `${graph.add('Identity', {}, [output])}:0` : output.name;
}

/** The inputs as a function sees them: one that was not given is an error that names it, instead of undefined. */
export function withoutMissing(inputs: Record<string, tf.Tensor>): Record<string, tf.Tensor> {
  return new Proxy(inputs, {
    get(target, name) {
      if (typeof name === 'string' && !Object.hasOwn(target, name)) {
        const given = Object.keys(target).join(', ') || 'nothing';
        refuse(`The function uses the input ${name}, but was given ${given}`);
      }
      return Reflect.get(target, name) as tf.Tensor;
    },
  });
}

/** @throws TypeError when a function did not return tensors by name, of types that are values outside TensorFlow too. */
export function checkOutputs(outputs: unknown): void {
  const isPlain =
    typeof outputs === 'object' && outputs !== null && Object.getPrototypeOf(outputs) === Object.prototype;
  if (!isPlain || !Object.values(outputs).every(output => output instanceof tf.Tensor)) {
    throw new TypeError(
      'A compiled function returns its output tensors by name, for example { loss }, and is not async.',
    );
  }
  for (const [name, tensor] of Object.entries(outputs)) requirePlainType(name, (tensor as tf.Tensor).dtype);
}

function requirePlainType(name: string, dtype = 'of another type'): void {
  if (['float32', 'int32', 'bool'].includes(dtype)) return;
  const remedy =
    dtype === 'complex64' ? 'Return tf.real and tf.imag of it.' : 'Convert it first, with .cast.';
  throw new TypeError(
    `The output ${name} is ${dtype}, but a compiled function returns float32, int32 or bool. ${remedy}`,
  );
}
