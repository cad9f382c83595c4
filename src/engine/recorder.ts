/**
 * Recording: a function of tensors runs once, eagerly, while every op that reaches TensorFlow is also written into a graph.
 * Inputs become placeholders, variables are read and assigned in the session, everything else that existed before or was
 * made from JavaScript numbers becomes a constant.
 */
import type { Binding, OpAttribute, OutputMetadata } from './backend';
import { backend, typeNumbers } from './backend';
import type { GraphBuilder, Output } from './graph';
import { createGraph, definitionOf, shapeProto } from './graph';
import type { AttributeValue } from './protobuf';
import { tf } from './tensorflow';
import type { NamedValues } from './values';
import { toTensor } from './tensors';

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

/** The recording under way, or undefined while ops run eagerly. */
export function activeRecorder(): Recorder | undefined {
  return active;
}
let active: Recorder | undefined;

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

/**
 * Runs `fn` once on the example inputs and records it.
 * @param variables - the session's variables by name; others may not be used
 * @param prefix - of the names of the graph's nodes
 * @throws Error naming op and line when something cannot be recorded: a value read back, a random op of tfjs, a variable
 * of another set, an op with side effects.
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
  const before = Object.values(variables).map(variable => tf.keep(tf.clone(variable)));
  tf.engine().startScope('record');
  try {
    const { inputs, feeds } = placeholders(graph, trace, example);
    const outputs = trace.run(() => fn(inputs));
    checkOutputs(outputs);
    const fetches = Object.values(outputs).map(tensor => trace.outputOf(tensor).name);
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
  } finally {
    tf.engine().endScope();
    Object.values(variables).forEach((variable, i) => {
      if (variable.dataId !== before[i].dataId) variable.assign(before[i]);
      before[i].dispose();
    });
  }
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

function checkOutputs(outputs: unknown): void {
  const isRecord = typeof outputs === 'object' && outputs !== null && !(outputs instanceof tf.Tensor);
  if (!isRecord || !Object.values(outputs).every(output => output instanceof tf.Tensor)) {
    throw new TypeError(
      'A compiled function returns its output tensors by name, for example { loss }, and is not async.',
    );
  }
}

type Trace = ReturnType<typeof createTrace>;

/** Follows tensors through the binding: which output of the graph is the tensor of this id? */
function createTrace(graph: GraphBuilder, variables: Record<string, tf.Variable>) {
  const original = backend.binding;
  const outputs = new Map<number, Output>();
  const constants = new Map<number, { dtype: number; shape: number[]; bytes: Uint8Array }>();
  const initialIds = new Map<number, string>();
  const handles = new Map<string, Output>();
  const reads = new Map<string, string>();
  const updates = new Map<string, string[]>();
  const settled = new Set<number>();

  const idOf = (tensor: tf.Tensor) => backend.getInputTensorIds([tensor])[0];
  for (const [name, variable] of Object.entries(variables)) initialIds.set(idOf(variable), name);
  const own = new Set(Object.values(variables));
  const registered = Object.values(tf.engine().state.registeredVariables);
  const strangers = new Map(registered.filter(each => !own.has(each)).map(each => [each.dataId, each.name]));

  function handleOf(name: string): Output {
    const known = handles.get(name);
    if (known) return known;
    const { dtype, shape } = variables[name];
    const handle = { name: `${addVariableHandle(graph, name, dtype, shape)}:0`, dtype: typeNumbers.resource };
    handles.set(name, handle);
    return handle;
  }

  function read(name: string): string {
    let node = reads.get(name);
    if (!node) {
      const dtype = typeNumbers[variables[name].dtype as keyof typeof typeNumbers];
      node = graph.add('ReadVariableOp', { dtype: { type: dtype } }, [handleOf(name)]);
      reads.set(name, node);
    }
    return node;
  }

  function lookUp(id: number): Output | undefined {
    const known = outputs.get(id);
    if (known) return known;
    const variable = initialIds.get(id);
    const constant = constants.get(id);
    if (variable === undefined && !constant) return undefined;
    const output =
      variable !== undefined
        ? {
            name: `${read(variable)}:0`,
            dtype: typeNumbers[variables[variable].dtype as keyof typeof typeNumbers],
          }
        : graph.constant(constant!.dtype, constant!.shape, constant!.bytes);
    outputs.set(id, output);
    return output;
  }

  // A tensor from outside becomes a constant, unless it is a variable: then its later values would be missed.
  function capture(tensor: tf.Tensor, id: number): void {
    const stranger = strangers.get(tensor.dataId);
    if (stranger) {
      fail(
        `The compiled function uses the variable ${stranger}, which is not among its variables${atUserLine()}.`,
      );
    }
    if (lookUp(id)) return;
    const dtype = typeNumbers[tensor.dtype as keyof typeof typeNumbers];
    constants.set(id, { dtype, shape: tensor.shape, bytes: bytesOf(original.tensorDataSync(id), dtype) });
  }

  function createTensor(shape: number[], dtype: number, values: ArrayBufferView | number[]): number {
    const id = original.createTensor(shape, dtype, values);
    constants.set(id, { dtype, shape, bytes: bytesOf(values, dtype) });
    return id;
  }

  function executeOp(
    op: string,
    attributes: OpAttribute[],
    ids: number[],
    outputCount: number,
  ): OutputMetadata[] {
    if (definitionOf(op).isStateful) {
      throw new Error(
        `The op ${op} has side effects and cannot be recorded${atUserLine()}. Random numbers come from engine/random.`,
      );
    }
    const results = original.executeOp(op, attributes, ids, outputCount);
    const inputs = ids.map(
      id => lookUp(id) ?? fail(`An input of ${op} is a tensor that is gone${atUserLine()}.`),
    );
    const node = graph.add(
      op,
      Object.fromEntries(attributes.map(each => [each.name, attributeValue(original, each)])),
      inputs,
    );
    results.forEach((result, index) =>
      outputs.set(result.id, { name: `${node}:${index}`, dtype: result.dtype }),
    );
    return results;
  }

  const recordingBinding = Object.create(original, {
    createTensor: { value: createTensor },
    executeOp: { value: executeOp },
    tensorDataSync: {
      value: () =>
        fail(
          `A compiled function cannot read a tensor's values back (dataSync, arraySync, data, print)${atUserLine()}.`,
        ),
    },
  }) as Binding;

  const recorder: Recorder = {
    update(op, updated, inputs, attributes) {
      const names = updated.map(variable => {
        const entry = Object.entries(variables).find(([, own]) => own === variable);
        return entry
          ? entry[0]
          : fail(`${op} updates the variable ${variable.name}, which is not among the function's variables.`);
      });
      const after = names.flatMap(name => [read(name), ...(updates.get(name) ?? [])]);
      const operands = inputs.map(tensor => lookUp(idOf(tensor))!);
      const node = graph.add(op, attributes, [...names.map(handleOf), ...operands], after);
      names.forEach((name, i) => {
        updates.set(name, [...(updates.get(name) ?? []), node]);
        standForUpdated(updated[i], name, node);
      });
    },
  };

  // A fresh tensor (eagerly, still the old value) whose id means "the variable, read after the update".
  function standForUpdated(variable: tf.Variable, name: string, updatedBy: string): void {
    const dtype = typeNumbers[variable.dtype as keyof typeof typeNumbers];
    const copy = backend.createOutputTensor(
      original.executeOp(
        'Identity',
        [{ name: 'T', type: original.TF_ATTR_TYPE, value: dtype }],
        [idOf(variable)],
        1,
      )[0],
    );
    const node = graph.add('ReadVariableOp', { dtype: { type: dtype } }, [handleOf(name)], [updatedBy]);
    outputs.set(idOf(copy), { name: `${node}:0`, dtype });
    settled.add(idOf(copy));
    variable.assign(copy);
  }

  return {
    /** Says which output of the graph a tensor is. */
    bind: (tensor: tf.Tensor, output: Output) => void outputs.set(idOf(tensor), output),

    /** The output of the graph that a tensor is. */
    outputOf(tensor: tf.Tensor): Output {
      const id = idOf(tensor);
      capture(tensor, id);
      return lookUp(id)!;
    },

    /** Runs `body` with every op recorded. */
    run<T>(body: () => T): T {
      const getInputTensorIds = backend.getInputTensorIds.bind(backend);
      const { random } = Math;
      active = recorder;
      backend.binding = recordingBinding;
      backend.getInputTensorIds = tensors => {
        const ids = getInputTensorIds(tensors);
        tensors.forEach((tensor, i) => 'dataId' in tensor && capture(tensor, ids[i]));
        return ids;
      };
      Math.random = () =>
        fail(
          `A compiled function drew a random number in JavaScript${atUserLine()}. Use engine/random, which draws anew at each call.`,
        );
      try {
        return body();
      } finally {
        active = undefined;
        backend.binding = original;
        delete (backend as Partial<typeof backend>).getInputTensorIds; // the prototype's shows again
        Math.random = random;
      }
    },

    /** Assigns the variables that the function assigned; returns the nodes that must run for the function's effects. */
    assignments(): string[] {
      const assigned = Object.entries(variables).flatMap(([name, variable]) => {
        const id = idOf(variable);
        if (initialIds.get(id) === name || settled.has(id)) return [];
        const value = this.outputOf(variable);
        const after = [read(name), ...(updates.get(name) ?? [])];
        return [
          graph.add('AssignVariableOp', { dtype: { type: value.dtype } }, [handleOf(name), value], after),
        ];
      });
      return [...new Set([...updates.values()].flat()), ...assigned];
    },
  };
}

/** Adds the node that stands for a variable of the session; graphs meet in it by `shared_name`. Returns its name. */
export function addVariableHandle(
  graph: GraphBuilder,
  name: string,
  dtype: string,
  shape: readonly number[],
): string {
  return graph.add(
    'VarHandleOp',
    {
      dtype: { type: typeNumbers[dtype as keyof typeof typeNumbers] },
      shape: { shape: shapeProto(shape) },
      shared_name: { s: Buffer.from(name) },
    },
    [],
  );
}

function attributeValue(binding: Binding, { name, type, value }: OpAttribute): AttributeValue {
  const wrap = (member: 's' | 'i' | 'f' | 'b' | 'type', convert: (item: never) => unknown): AttributeValue =>
    Array.isArray(value)
      ? { list: { [member]: value.map(item => convert(item as never)) } }
      : { [member]: convert(value as never) };
  switch (type) {
    case binding.TF_ATTR_INT:
      return wrap('i', Number);
    case binding.TF_ATTR_FLOAT:
      return wrap('f', Number);
    case binding.TF_ATTR_BOOL:
      return wrap('b', Boolean);
    case binding.TF_ATTR_TYPE:
      return wrap('type', Number);
    case binding.TF_ATTR_STRING:
      return wrap('s', (text: string) => Buffer.from(text));
    case binding.TF_ATTR_SHAPE:
      return { shape: shapeProto(value as number[]) };
    default:
      throw new Error(`The attribute ${name} is of a kind (${type}) that cannot be recorded.`);
  }
}

function bytesOf(values: ArrayBufferView | number[], dtype: number): Uint8Array {
  if (dtype === typeNumbers.string) fail(`Strings cannot be recorded${atUserLine()}.`);
  const array = Array.isArray(values)
    ? (dtype === typeNumbers.float32
        ? Float32Array
        : dtype === typeNumbers.int32
          ? Int32Array
          : Uint8Array
      ).from(values)
    : values;
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength).slice();
}

function fail(message: string): never {
  throw new Error(message);
}

// Where in the user's code are we? The first frame outside this folder and outside packages.
function atUserLine(): string {
  const frames = (new Error().stack ?? '').split('\n').slice(1);
  const frame = frames.find(
    line =>
      !line.includes('node_modules') &&
      !line.includes('tfjs-core') &&
      !line.includes(__dirname) &&
      !line.includes('node:'),
  );
  const place = frame && /\(?([^\s()]+:\d+:\d+)\)?$/.exec(frame);
  return place ? ` at ${place[1]}` : '';
}
