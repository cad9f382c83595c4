/**
 * The state of a model or optimizer by name. It lives in a TensorFlow session, where several compiled functions share it;
 * with `compile: false` it lives in ordinary tfjs variables and everything runs eagerly, with the same numbers.
 */
import { typeNumbers } from './backend';
import { addVariableHandle, createGraph, shapeProto } from './graph';
import type { Callable, Session, SessionOptions } from './session';
import { createSession } from './session';
import { tf } from './tensorflow';
import { toTensor, toValue } from './tensors';
import { type NamedValues, requireTensorValue, type TensorValue } from './values';

/** How the functions over a set of variables run. */
export interface VariablesOptions extends SessionOptions {
  /** false: eagerly, op by op from JavaScript, which is slower and easier to debug. Default true. */
  readonly compile?: boolean;
}

/** Named variables that compiled functions read and assign. */
export interface Variables {
  /** What functions use; outside a compiled function these hold no current values (see `read`), unless run eagerly. */
  readonly tensors: Readonly<Record<string, tf.Variable>>;
  /** The session that holds the values; undefined when run eagerly. */
  readonly session: Session | undefined;
  /** Resolves when the initial values are in place. */
  readonly ready: Promise<void>;
  /** Current values, of all or the named variables. @throws Error for an unknown name. */
  read(names?: readonly string[]): Promise<NamedValues>;
  /** Replaces the values of the named variables. @throws Error for an unknown name or another shape or type. */
  write(values: NamedValues): Promise<void>;
  /** Frees session and tensors. */
  dispose(): void;
}

/**
 * Variables with initial values.
 *
 * @example
 * const variables = createVariables({ weight: float32([1, 2], [2]) });
 * const step = compile(({ x }) => ({ y: x.mul(variables.tensors.weight) }), { variables, example: { x: float32([3, 4]) } });
 */
export function createVariables(
  initial: NamedValues,
  { compile = true, ...options }: VariablesOptions = {},
): Variables {
  for (const [name, value] of Object.entries(initial)) requireTensorValue(`The value of ${name}`, value);
  const session = compile ? createSession(options) : undefined;
  const tensors = Object.fromEntries(
    Object.entries(initial).map(([name, value]) => [name, tf.tidy(() => tf.variable(toTensor(value)))]),
  );
  return session ? inSession(tensors, initial, session) : eager(tensors);
}

function eager(tensors: Record<string, tf.Variable>): Variables {
  return {
    tensors,
    session: undefined,
    ready: Promise.resolve(),
    read(names = Object.keys(tensors)) {
      checkNames(names, tensors);
      return Promise.resolve(Object.fromEntries(names.map(name => [name, toValue(tensors[name])])));
    },
    write(values) {
      checkValues(values, tensors);
      for (const [name, value] of Object.entries(values))
        tf.tidy(() => tensors[name].assign(toTensor(value)));
      return Promise.resolve();
    },
    dispose: () => tf.dispose(Object.values(tensors)),
  };
}

function inSession(tensors: Record<string, tf.Variable>, initial: NamedValues, session: Session): Variables {
  const nodes = addAccess(tensors, session);
  const callables = new Map<string, Callable>();
  const prepared = (kind: 'read' | 'write', names: readonly string[]) => {
    const key = `${kind} ${names.join('\n')}`;
    const callable =
      callables.get(key) ??
      (kind === 'read'
        ? session.prepare(
            [],
            names.map(name => nodes[name].read),
            [],
          )
        : session.prepare(
            names.map(name => nodes[name].value),
            [],
            names.map(name => nodes[name].assign),
          ));
    callables.set(key, callable);
    return callable;
  };
  const write = async (values: NamedValues) => {
    checkValues(values, tensors);
    if (Object.keys(values).length === 0) return;
    const feeds = Object.values(values).map(value => ({ ...value, dtype: typeNumbers[value.dtype] }));
    await prepared('write', Object.keys(values))(feeds);
  };
  const ready = write(initial);
  ready.catch(() => undefined); // reported by whoever awaits it
  return {
    tensors,
    session,
    ready,
    async read(names = Object.keys(tensors)) {
      checkNames(names, tensors);
      await ready;
      const outputs = await prepared('read', names)([]);
      return Object.fromEntries(
        names.map((name, i) => [name, { ...outputs[i], dtype: tensors[name].dtype } as TensorValue]),
      );
    },
    async write(values) {
      await ready;
      await write(values);
    },
    dispose() {
      session.dispose();
      tf.dispose(Object.values(tensors));
    },
  };
}

// Per variable: the output that reads it, the placeholder of a new value, the node that assigns it.
function addAccess(tensors: Record<string, tf.Variable>, session: Session) {
  const graph = createGraph('variables');
  const nodes = Object.entries(tensors).map(([name, { dtype, shape }]) => {
    const type = { type: typeNumbers[dtype as keyof typeof typeNumbers] };
    const handle = { name: `${addVariableHandle(graph, name, dtype, shape)}:0`, dtype: typeNumbers.resource };
    const value = {
      name: `${graph.add('Placeholder', { dtype: type, shape: { shape: shapeProto(shape) } }, [])}:0`,
      dtype: type.type,
    };
    const read = `${graph.add('ReadVariableOp', { dtype: type }, [handle])}:0`;
    const assign = graph.add('AssignVariableOp', { dtype: type }, [handle, value]);
    return [name, { read, value: value.name, assign }] as const;
  });
  session.extend(graph.serialize());
  return Object.fromEntries(nodes);
}

function checkNames(names: readonly string[], tensors: Record<string, tf.Variable>): void {
  const unknown = names.find(name => !Object.hasOwn(tensors, name));
  if (unknown !== undefined) {
    throw new Error(
      `There is no variable named ${unknown}. The variables are ${Object.keys(tensors).join(', ')}.`,
    );
  }
}

function checkValues(values: NamedValues, tensors: Record<string, tf.Variable>): void {
  checkNames(Object.keys(values), tensors);
  for (const [name, value] of Object.entries(values)) {
    requireTensorValue(`The value of ${name}`, value);
    const { dtype, shape } = tensors[name];
    if (value.dtype !== dtype || value.shape.join() !== shape.join()) {
      throw new Error(
        `The variable ${name} is ${dtype} [${shape.join(', ')}] and cannot take ${value.dtype} [${value.shape.join(', ')}].`,
      );
    }
  }
}
