/**
 * Compiled functions: recorded once for each shape of input, then run as one native call off the event loop. Training
 * steps, sampling, feature extraction: all heavy work of the library goes through here.
 */
import { interruptSignal } from '../display/host';
import { typeNumbers } from './backend';
import type { TensorFunction } from './recorder';
import { checkOutputs, record, withoutMissing } from './recorder';
import type { Callable } from './session';
import { tf } from './tensorflow';
import { toTensor, toValue } from './tensors';
import { type DataType, type NamedValues, requireTensorValue, type TensorValue } from './values';
import type { Variables } from './variables';

/**
 * A compiled function: values by name in, values by name out. Calls may be in flight together; those that change variables
 * wait for their turn, so that the inputs must stay as they are until the promise settles.
 * @throws TypeError or RangeError naming an input that is not a tensor value; Error naming one that is missing; the signal's
 * reason when it is aborted before the call ends (what has begun is done nevertheless); Error when TensorFlow fails, or has
 * no memory for it.
 */
export type CompiledFunction = (inputs?: NamedValues, options?: CallOptions) => Promise<NamedValues>;

/** Options of one call. */
export interface CallOptions {
  /**
   * Default: the interrupt button of the notebook, so that whatever computes by calls stops at the next one; null where a
   * call has to be completed.
   */
  readonly signal?: AbortSignal | null;
}

/** What a function is compiled with. */
export interface CompileOptions {
  /** The variables that it reads and assigns; they decide whether it is compiled or run eagerly. */
  readonly variables: Variables;
  /** Inputs to record it with now, so that mistakes show early; other shapes are recorded when they first come. */
  readonly example?: NamedValues;
}

/**
 * Compiles a function of tensors: tfjs ops, gradients and the ops of engine/ops and engine/random. What it assigns to its
 * variables is assigned at every call.
 *
 * @example
 * const step = compile(({ batch }) => ({ loss: trainStep(batch) }), { variables, example: { batch } });
 * const { loss } = await step({ batch });
 *
 * @throws Error naming op and line when something in it cannot be recorded.
 */
export function compile(fn: TensorFunction, { variables, example }: CompileOptions): CompiledFunction {
  const { session } = variables;
  if (!session) return (inputs = {}, options = {}) => runEagerly(fn, inputs, options);

  const recordings = new Map<string, { call: Callable; outputNames: string[]; inputNames: string[] }>();
  const recordingOf = (inputs: NamedValues) => {
    const key = Object.entries(inputs)
      .map(([name, { dtype, shape }]) => `${name}:${dtype}[${shape.join()}]`)
      .join();
    let recorded = recordings.get(key);
    if (!recorded) {
      const recording = record(fn, inputs, variables.tensors, `function${functionCount++}`);
      const { feeds, fetches, targets } = recording;
      session.extend(recording.graph);
      recorded = { ...recording, call: session.prepare(feeds, fetches, targets) };
      recordings.set(key, recorded);
    }
    return recorded;
  };

  if (example) {
    requireInputs(example);
    recordingOf(example);
  }
  return async (inputs = {}, { signal = interruptSignal() } = {}) => {
    requireInputs(inputs);
    signal?.throwIfAborted();
    const { call, inputNames, outputNames } = recordingOf(inputs);
    await variables.ready;
    signal?.throwIfAborted();
    const outputs = await call(
      inputNames.map(name => ({ ...inputs[name], dtype: typeNumbers[inputs[name].dtype] })),
    );
    // After an interrupt the kernel's signal is another: what was asked for before the call is what tells.
    signal?.throwIfAborted();
    return Object.fromEntries(
      outputNames.map((name, i) => [
        name,
        { ...outputs[i], dtype: dataTypes.get(outputs[i].dtype)! } as TensorValue,
      ]),
    );
  };
}
let functionCount = 0;

const dataTypes = new Map<number, DataType>([
  [typeNumbers.float32, 'float32'],
  [typeNumbers.int32, 'int32'],
  [typeNumbers.bool, 'bool'],
]);

function requireInputs(inputs: NamedValues): void {
  for (const [name, value] of Object.entries(inputs)) requireTensorValue(`The input ${name}`, value);
}

// Asynchronous, so that its errors are rejections, as those of a compiled function.
// eslint-disable-next-line @typescript-eslint/require-await
async function runEagerly(
  fn: TensorFunction,
  inputs: NamedValues,
  { signal = interruptSignal() }: CallOptions,
): Promise<NamedValues> {
  requireInputs(inputs);
  signal?.throwIfAborted();
  const outputs: NamedValues = {};
  tf.tidy(() => {
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([name, value]) => [name, toTensor(value)]),
    );
    const results = fn(withoutMissing(tensors));
    checkOutputs(results);
    for (const [name, tensor] of Object.entries(results)) outputs[name] = toValue(tensor);
  });
  return outputs;
}
