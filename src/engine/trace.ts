/** Following tensors through the binding of TensorFlow.js while a function is recorded. */
import { attributeValue } from './attributes';
import type { Binding, OpAttribute, OutputMetadata } from './backend';
import { backend, typeNumbers } from './backend';
import { describeFailure } from './failure';
import type { GraphBuilder, Output } from './graph';
import { definitionOf } from './graph';
import { type Replacement, withReplaced } from './interception';
import { createRecordedVariables } from './recorded-variables';
import type { Recorder } from './recorder';
import { refuse, refuseDisposed, refuseRandom, refuseReading, requireRecordable } from './refusal';
import { inGraphForm, runWhileRecording } from './substitutes';
import { tf } from './tensorflow';

/** Which output of the graph is which tensor? */
export interface Trace extends Recorder {
  /** Says which output of the graph a tensor is. */
  bind(tensor: tf.Tensor, output: Output): void;
  /** The output of the graph that a tensor is. */
  outputOf(tensor: tf.Tensor): Output;
  /** Runs `body` with every op recorded. */
  run<T>(body: () => T): T;
  /** Assigns the variables that the function assigned; returns the nodes that must run for the function's effects. */
  assignments(): string[];
}

/** A constant to be: it becomes a node when an op takes it. */
interface Constant {
  dtype: number;
  shape: number[];
  bytes: Uint8Array;
}

/** Tensors (by TensorFlow's number) that depend on inputs or variables and outlived their recording: they hold old values. */
const leftOvers = new Set<number>();

/** A trace of ops into `graph`. Tensors are known by TensorFlow's number of them, which is never used again. */
export function createTrace(graph: GraphBuilder, variables: Record<string, tf.Variable>): Trace {
  const original = backend.binding;
  const recorded = createRecordedVariables(graph, variables);
  const outputs = new Map<number, Output>();
  const constants = new Map<number, Constant>();
  /** Live tensors that depend on inputs or variables. */
  const dependent = new Set<number>();
  /** The variables' values before the call, and those that they stand for after an update: neither needs an assignment. */
  const initialIds = new Map<number, string>();
  const settled = new Set<number>();

  const idOf = (tensor: tf.Tensor) => backend.getInputTensorIds([tensor])[0];
  for (const [name, variable] of Object.entries(variables)) initialIds.set(idOf(variable), name);
  const own = new Set(Object.values(variables));
  const registered = Object.values(tf.engine().state.registeredVariables);
  const strangers = new Map(registered.filter(each => !own.has(each)).map(each => [each.dataId, each.name]));

  function lookUp(id: number): Output | undefined {
    const known = outputs.get(id);
    if (known) return known;
    const variable = initialIds.get(id);
    const constant = constants.get(id);
    if (variable === undefined && !constant) return undefined;
    const output =
      variable !== undefined
        ? recorded.initialValue(variable)
        : graph.constant(constant!.dtype, constant!.shape, constant!.bytes);
    outputs.set(id, output);
    return output;
  }

  // A tensor from outside becomes a constant, unless its later values would be missed.
  function capture(tensor: tf.Tensor, id: number): void {
    const stranger = strangers.get(tensor.dataId);
    if (stranger)
      refuse(`The compiled function uses the variable ${stranger}, which is not among its variables`);
    if (leftOvers.has(id)) {
      refuse(
        'The compiled function uses a tensor that was computed while another function was recorded',
        'Compute it in this function too, or pass it as an input.',
      );
    }
    if (outputs.has(id) || initialIds.has(id) || constants.has(id)) return;
    const { dtype } = backend.tensorMap.get(tensor.dataId); // tfjs calls uint8 and int64 tensors int32
    if (dtype === typeNumbers.uint8) {
      refuse(
        'The compiled function uses a tensor of type uint8, such as a decoded image',
        'Convert it before, with .cast.',
      );
    }
    const values = dtype === typeNumbers.string ? [] : original.tensorDataSync(id);
    constants.set(id, { dtype, shape: tensor.shape, bytes: bytesOf(values, dtype) });
  }

  function createTensor(shape: number[], dtype: number, values: ArrayBufferView | number[]): number {
    const id = original.createTensor(shape, dtype, values);
    constants.set(id, { dtype, shape, bytes: bytesOf(values, dtype) });
    return id;
  }

  function inputOf(op: string, id: number): Output {
    if (constants.get(id)?.dtype === typeNumbers.string)
      refuse(`${op} takes strings, which cannot be recorded`);
    return lookUp(id) ?? refuse(`An input of ${op} is a tensor that is gone`);
  }

  function runOp(...[op, attributes, ids, outputCount]: Parameters<Binding['executeOp']>): OutputMetadata[] {
    try {
      return runWhileRecording(original, op, attributes, ids, outputCount);
    } catch (error) {
      const [, code, message] =
        /^Invalid TF_Status: (\d+)\s+Message: (.*)/s.exec((error as Error).message) ?? [];
      return refuse(describeFailure(op, code, message ?? (error as Error).message));
    }
  }

  function executeOp(
    op: string,
    attributes: OpAttribute[],
    ids: number[],
    outputCount: number,
  ): OutputMetadata[] {
    requireRecordable(op, definitionOf(op).isStateful);
    const inputs = ids.map(id => inputOf(op, id));
    const results = runOp(op, attributes, ids, outputCount);
    const given = Object.fromEntries(attributes.map(each => [each.name, attributeValue(original, each)]));
    const node = graph.add(...inGraphForm(op, given, results), inputs);
    const dependsOnInputs = ids.some(id => dependent.has(id) || initialIds.has(id));
    results.forEach((result, index) => {
      outputs.set(result.id, { name: `${node}:${index}`, dtype: result.dtype });
      if (dependsOnInputs) dependent.add(result.id);
    });
    return results;
  }

  function deleteTensor(id: number): void {
    dependent.delete(id);
    original.deleteTensor(id);
  }

  // What was made from JavaScript numbers may be read: it is the same at every call.
  const tensorDataSync = (id: number) => (constants.has(id) ? original.tensorDataSync(id) : refuseReading());

  const recordingBinding = Object.create(original, {
    createTensor: { value: createTensor },
    deleteTensor: { value: deleteTensor },
    executeOp: { value: executeOp },
    tensorDataSync: { value: tensorDataSync },
  }) as Binding;

  /** The error of an asynchronous read-back, which would otherwise end in a promise that nobody awaits. */
  let lostError: Error | undefined;
  function read(): Promise<never> {
    try {
      refuseReading();
    } catch (error) {
      lostError ??= error as Error;
    }
    return new Promise(() => undefined);
  }

  const getInputTensorIds = backend.getInputTensorIds.bind(backend);
  const runKernel = tf.engine().runKernel.bind(tf.engine());
  const replacements: Replacement[] = [
    [
      backend,
      {
        binding: recordingBinding,
        read,
        getInputTensorIds(tensors: tf.Tensor[]) {
          const ids = getInputTensorIds(tensors);
          tensors.forEach((tensor, i) => 'dataId' in tensor && capture(tensor, ids[i]));
          return ids;
        },
      },
    ],
    [
      tf.engine(),
      {
        runKernel(...[kernel, inputs, attributes]: Parameters<typeof runKernel>) {
          if (Object.values(inputs).some(isDisposed)) refuseDisposed(kernel);
          return runKernel(kernel, inputs, attributes);
        },
      },
    ],
    [
      tf.Tensor.prototype,
      {
        throwIfDisposed(this: tf.Tensor) {
          if (this.isDisposed) refuseDisposed();
        },
      },
    ],
    [Math, { random: refuseRandom }],
  ];

  const isAssigned = (name: string, variable: tf.Variable) =>
    initialIds.get(idOf(variable)) !== name && !settled.has(idOf(variable));

  function assign(name: string, variable: tf.Variable): void {
    capture(variable, idOf(variable));
    recorded.assign(name, lookUp(idOf(variable))!);
  }

  function nameOf(op: string, variable: tf.Variable): string {
    const entry = Object.entries(variables).find(([, each]) => each === variable);
    if (!entry)
      refuse(`${op} updates the variable ${variable.name}, which is not among the function's variables`);
    return entry[0];
  }

  // A fresh tensor (eagerly, still the old value) whose number means "the variable, read after the update".
  function standForUpdated(variable: tf.Variable, name: string): void {
    const type = { name: 'T', type: original.TF_ATTR_TYPE, value: typeNumbers[variable.dtype as 'float32'] };
    const copy = backend.createOutputTensor(original.executeOp('Identity', [type], [idOf(variable)], 1)[0]);
    const id = idOf(copy);
    outputs.set(id, recorded.currentValue(name));
    dependent.add(id);
    settled.add(id);
    variable.assign(copy);
  }

  return {
    bind(tensor, output) {
      const id = idOf(tensor);
      constants.delete(id);
      outputs.set(id, output);
      dependent.add(id);
    },

    outputOf(tensor) {
      if (tensor.isDisposed) refuseDisposed('The function');
      const id = idOf(tensor);
      capture(tensor, id);
      return inputOf('An output', id);
    },

    update(op, updated, inputs, attributes) {
      const operands = inputs.map(tensor => this.outputOf(tensor));
      const names = updated.map(variable => nameOf(op, variable));
      names.forEach((name, i) => isAssigned(name, updated[i]) && assign(name, updated[i]));
      recorded.update(op, names, operands, attributes);
      names.forEach((name, i) => standForUpdated(updated[i], name));
    },

    run(body) {
      const guarded = () => {
        const result = body();
        if (lostError) throw lostError;
        return result;
      };
      try {
        return withReplaced(replacements, guarded);
      } finally {
        dependent.forEach(id => leftOvers.add(id));
      }
    },

    assignments() {
      for (const [name, variable] of Object.entries(variables))
        if (isAssigned(name, variable)) assign(name, variable);
      return [...recorded.changes];
    },
  };
}

function isDisposed(input: unknown): boolean {
  return input instanceof tf.Tensor && input.isDisposed;
}

function bytesOf(values: ArrayBufferView | number[], dtype: number): Uint8Array {
  if (dtype === typeNumbers.string) return new Uint8Array();
  const TypedArray =
    dtype === typeNumbers.float32 ? Float32Array : dtype === typeNumbers.int32 ? Int32Array : Uint8Array;
  const array = Array.isArray(values) ? TypedArray.from(values) : values;
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength).slice();
}
