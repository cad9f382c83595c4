/** A session's variables inside a graph: reads and updates in the order in which the function asked for them. */
import type { GraphBuilder, Output } from './graph';
import { addVariableHandle } from './graph';
import { typeNumbers } from './backend';
import type { AttributeValue } from './protobuf';
import type { tf } from './tensorflow';

/** Variables of a graph under construction, by name. */
export interface RecordedVariables {
  /** The value before the call. */
  initialValue(name: string): Output;
  /** The value after everything that was done to the variable so far. */
  currentValue(name: string): Output;
  /** Assigns a value, after everything that was done to the variable so far. */
  assign(name: string, value: Output): void;
  /** Adds an op whose first inputs are the variables' handles, after everything that was done to them so far. */
  update(op: string, names: string[], operands: Output[], attributes: Record<string, AttributeValue>): void;
  /** The nodes that change variables; whoever runs the graph runs them. */
  readonly changes: readonly string[];
}

/** The variables of a graph under construction. */
export function createRecordedVariables(
  graph: GraphBuilder,
  variables: Record<string, tf.Variable>,
): RecordedVariables {
  const handles = new Map<string, Output>();
  const initial = new Map<string, Output>();
  // By variable: the nodes that read or change it, which a further change must wait for.
  const uses = new Map<string, string[]>();
  const changes: string[] = [];

  const typeOf = (name: string) => typeNumbers[variables[name].dtype as keyof typeof typeNumbers];
  const usesOf = (name: string) => uses.get(name) ?? [];
  const note = (name: string, node: string) => uses.set(name, [...usesOf(name), node]);

  function handleOf(name: string): Output {
    const { dtype, shape } = variables[name];
    const handle = handles.get(name) ?? {
      name: `${addVariableHandle(graph, name, dtype, shape)}:0`,
      dtype: typeNumbers.resource,
    };
    handles.set(name, handle);
    return handle;
  }

  function read(name: string, after: string[]): Output {
    const dtype = typeOf(name);
    const node = graph.add('ReadVariableOp', { dtype: { type: dtype } }, [handleOf(name)], after);
    note(name, node);
    return { name: `${node}:0`, dtype };
  }

  function initialValue(name: string): Output {
    const known = initial.get(name) ?? read(name, []);
    initial.set(name, known);
    return known;
  }

  function change(
    op: string,
    names: string[],
    operands: Output[],
    attributes: Record<string, AttributeValue>,
  ): void {
    names.forEach(initialValue); // whoever asks for it later must still get the value from before
    const node = graph.add(op, attributes, [...names.map(handleOf), ...operands], names.flatMap(usesOf));
    names.forEach(name => note(name, node));
    changes.push(node);
  }

  return {
    initialValue,
    currentValue: name => read(name, usesOf(name)),
    assign: (name, value) => change('AssignVariableOp', [name], [value], { dtype: { type: value.dtype } }),
    update: change,
    changes,
  };
}
