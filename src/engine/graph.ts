/**
 * Building a TensorFlow graph (GraphDef) node by node. Equal constants become one node, constants of one repeated value
 * take the space of one, and attributes that eager execution infers but a graph requires are filled in from the op's
 * definition.
 */
import { createHash } from 'node:crypto';
import { typeNumbers } from './backend';
import type { AttributeValue, NodeDef, OpDef } from './protobuf';
import { decodeOpList, encode } from './protobuf';
import { refuse } from './refusal';
import { sessionModule } from './session';

/** One output of a node: `name:index`, with its element type (TensorFlow's number). */
export interface Output {
  readonly name: string;
  readonly dtype: number;
}

/** A graph under construction. */
export interface GraphBuilder {
  /** Adds a node; `after` are nodes (by name) that must have run before it. Returns the node's name. */
  add(
    op: string,
    attributes: Record<string, AttributeValue>,
    inputs: readonly Output[],
    after?: readonly string[],
  ): string;
  /** A constant of a TensorFlow type with the given bytes; equal ones share a node. */
  constant(dtype: number, shape: readonly number[], bytes: Uint8Array): Output;
  /** Number of nodes so far. */
  readonly nodeCount: number;
  /** The serialized GraphDef. */
  serialize(): Uint8Array;
}

/** GraphDef format that we write (TF_GRAPH_DEF_VERSION of TensorFlow 2.21; newer versions of TensorFlow read it too). */
const graphVersion = 1482;

/**
 * An empty graph.
 * @param prefix - starts every node's name: graphs of one session must not share names
 */
export function createGraph(prefix: string): GraphBuilder {
  const nodes: NodeDef[] = [];
  const constants = new Map<string, Output>();

  const add: GraphBuilder['add'] = (op, attributes, inputs, after = []) => {
    const name = `${prefix}/${op}_${nodes.length}`;
    nodes.push({
      name,
      op,
      input: [...inputs.map(input => input.name), ...after.map(node => `^${node}`)],
      attr: completeAttributes(definitionOf(op), attributes, inputs),
    });
    return name;
  };

  return {
    add,
    constant(dtype, shape, bytes) {
      const key = `${dtype}[${shape.join()}]${createHash('sha1').update(bytes).digest('base64')}`;
      const known = constants.get(key);
      if (known) return known;
      const tensor = { dtype, tensorShape: shapeProto(shape), ...contentOf(dtype, bytes) };
      const output = { name: `${add('Const', { dtype: { type: dtype }, value: { tensor } }, [])}:0`, dtype };
      constants.set(key, output);
      return output;
    },
    get nodeCount() {
      return nodes.length;
    },
    serialize: () => encode('GraphDef', { node: nodes, versions: { producer: graphVersion } }),
  };
}

/** A shape as a protocol-buffer message. */
export function shapeProto(shape: readonly number[]): { dim: { size: number }[] } {
  return { dim: shape.map(size => ({ size })) };
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

/**
 * The definition of an op.
 * @throws Error when TensorFlow has no op of that name.
 */
export function definitionOf(op: string): OpDef {
  definitions ??= new Map(decodeOpList(sessionModule().opDefinitions()).map(each => [each.name, each]));
  const definition = definitions.get(op);
  if (!definition) refuse(`TensorFlow has no op named ${op}`, 'Check its spelling.');
  return definition;
}
let definitions: Map<string, OpDef> | undefined;

// TensorFlow repeats the last given value over the rest of the shape, so a constant of zeros needs just one.
function contentOf(dtype: number, bytes: Uint8Array) {
  if (dtype === typeNumbers.float32 && bytes.length > 4 && repeatsOneWord(bytes)) {
    return { floatVal: [new Float32Array(bytes.slice(0, 4).buffer)[0]] };
  }
  if (dtype === typeNumbers.int32 && bytes.length > 4 && repeatsOneWord(bytes)) {
    return { intVal: [new Int32Array(bytes.slice(0, 4).buffer)[0]] };
  }
  return { tensorContent: bytes };
}

function repeatsOneWord(bytes: Uint8Array): boolean {
  for (let i = 4; i < bytes.length; i++) if (bytes[i] !== bytes[i - 4]) return false;
  return true;
}

// Eager execution takes types and counts from the inputs; in a graph every attribute without a default must be there,
// and none that the op does not know.
function completeAttributes(
  definition: OpDef,
  given: Record<string, AttributeValue>,
  inputs: readonly Output[],
): Record<string, AttributeValue> {
  const complete: Record<string, AttributeValue> = {};
  const inferred = inferAttributes(definition, given, inputs);
  for (const { name, type, defaultValue } of definition.attr) {
    const value = given[name] ?? inferred[name];
    if (value) complete[name] = type.startsWith('list(') ? asList(value) : value;
    else if (!defaultValue) throw new Error(`Op ${definition.name} needs its attribute ${name} to be given.`);
  }
  return complete;
}

function inferAttributes(
  definition: OpDef,
  given: Record<string, AttributeValue>,
  inputs: readonly Output[],
): Record<string, AttributeValue> {
  const inferred: Record<string, AttributeValue> = {};
  let position = 0;
  for (const [index, argument] of definition.inputArg.entries()) {
    const isLast = index === definition.inputArg.length - 1;
    const following = definition.inputArg.length - index - 1;
    const count =
      given[argument.numberAttr]?.i ??
      (argument.numberAttr || argument.typeListAttr
        ? isLast
          ? inputs.length - position
          : inputs.length - position - following
        : 1);
    if (argument.numberAttr) inferred[argument.numberAttr] = { i: count };
    if (argument.typeListAttr) {
      inferred[argument.typeListAttr] = {
        list: { type: inputs.slice(position, position + count).map(input => input.dtype) },
      };
    }
    if (argument.typeAttr && inputs[position]) inferred[argument.typeAttr] = { type: inputs[position].dtype };
    position += count;
  }
  return inferred;
}

// tfjs passes an empty or one-element list of integers like any other list, but some lists as a single value.
function asList(value: AttributeValue): AttributeValue {
  if (value.list) return value;
  const [[member, single]] = Object.entries(value) as [string, unknown][];
  return { list: { [member]: [single] } };
}
