/**
 * The protocol-buffer messages that pass between us and TensorFlow's C API: graphs, op definitions, session options and
 * step statistics. Field names and numbers are those of tensorflow/core/framework/*.proto and core/protobuf/config.proto;
 * fields that we neither write nor read are left out (unknown fields are skipped on reading).
 */
import protobuf from 'protobufjs/light';

type Field = [type: string, id: number, rule?: 'repeated'];

const messages: Record<string, Record<string, Field>> = {
  Dimension: { size: ['int64', 1] },
  TensorShape: { dim: ['Dimension', 2, 'repeated'], unknownRank: ['bool', 3] },
  Tensor: {
    dtype: ['int32', 1],
    tensorShape: ['TensorShape', 2],
    tensorContent: ['bytes', 4],
    floatVal: ['float', 5, 'repeated'],
    intVal: ['int32', 7, 'repeated'],
    stringVal: ['bytes', 8, 'repeated'],
    boolVal: ['bool', 11, 'repeated'],
  },
  NameAttrList: { name: ['string', 1] },
  List: {
    s: ['bytes', 2, 'repeated'],
    i: ['int64', 3, 'repeated'],
    f: ['float', 4, 'repeated'],
    b: ['bool', 5, 'repeated'],
    type: ['int32', 6, 'repeated'],
    func: ['NameAttrList', 9, 'repeated'],
  },
  AttrValue: {
    list: ['List', 1],
    s: ['bytes', 2],
    i: ['int64', 3],
    f: ['float', 4],
    b: ['bool', 5],
    type: ['int32', 6],
    shape: ['TensorShape', 7],
    tensor: ['Tensor', 8],
    func: ['NameAttrList', 10],
  },
  NodeDef: {
    name: ['string', 1],
    op: ['string', 2],
    input: ['string', 3, 'repeated'],
    device: ['string', 4],
  },
  VersionDef: { producer: ['int32', 1] },
  GraphDef: { node: ['NodeDef', 1, 'repeated'], versions: ['VersionDef', 4] },
  // Graphs of others pass through as they are, node by node; repeated where TensorFlow would merge what comes twice.
  GraphParts: {
    node: ['bytes', 1, 'repeated'],
    library: ['LibraryParts', 2, 'repeated'],
    versions: ['bytes', 4],
  },
  LibraryParts: { function: ['bytes', 1, 'repeated'] },
  FunctionDef: { signature: ['OpDef', 1], nodeDef: ['NodeDef', 3, 'repeated'] },
  SavedModel: { metaGraphs: ['MetaGraphDef', 2, 'repeated'] },
  MetaGraphDef: { metaInfoDef: ['MetaInfoDef', 1], graphDef: ['bytes', 2], saverDef: ['SaverDef', 3] },
  MetaInfoDef: { tags: ['string', 4, 'repeated'] },
  SaverDef: { filenameTensorName: ['string', 1], restoreOpName: ['string', 3] },
  SignatureDef: {},
  TensorInfo: { name: ['string', 1] },
  ArgDef: {
    name: ['string', 1],
    type: ['int32', 3],
    typeAttr: ['string', 4],
    numberAttr: ['string', 5],
    typeListAttr: ['string', 6],
  },
  AttrDef: { name: ['string', 1], type: ['string', 2], defaultValue: ['AttrValue', 3] },
  OpDef: {
    name: ['string', 1],
    inputArg: ['ArgDef', 2, 'repeated'],
    outputArg: ['ArgDef', 3, 'repeated'],
    attr: ['AttrDef', 4, 'repeated'],
    isStateful: ['bool', 17],
  },
  OpList: { op: ['OpDef', 1, 'repeated'] },
  GPUOptions: { allowGrowth: ['bool', 4] },
  OptimizerOptions: { globalJitLevel: ['int32', 5] },
  RewriterConfig: { metaOptimizerIterations: ['int32', 12], autoMixedPrecisionOnednnBfloat16: ['int32', 25] },
  GraphOptions: { optimizerOptions: ['OptimizerOptions', 3], rewriteOptions: ['RewriterConfig', 10] },
  ConfigProto: {
    intraOpParallelismThreads: ['int32', 2],
    interOpParallelismThreads: ['int32', 5],
    gpuOptions: ['GPUOptions', 6],
    allowSoftPlacement: ['bool', 7],
    usePerSessionThreads: ['bool', 9],
    graphOptions: ['GraphOptions', 10],
  },
  RunOptions: { traceLevel: ['int32', 1], interOpThreadPool: ['int32', 3] },
  NodeExecStats: {
    nodeName: ['string', 1],
    opStartRelMicros: ['int64', 3],
    opEndRelMicros: ['int64', 4],
    timelineLabel: ['string', 8],
  },
  DeviceStepStats: { device: ['string', 1], nodeStats: ['NodeExecStats', 2, 'repeated'] },
  StepStats: { devStats: ['DeviceStepStats', 1, 'repeated'] },
  RunMetadata: { stepStats: ['StepStats', 1] },
};

const root = protobuf.Root.fromJSON({
  nested: Object.fromEntries(
    Object.entries(messages).map(([message, fields]) => [message, descriptorOf(message, fields)]),
  ),
});
const maps: [message: string, field: string, id: number, type: string][] = [
  ['NodeDef', 'attr', 5, 'AttrValue'],
  ['NameAttrList', 'attr', 2, 'AttrValue'],
  ['MetaGraphDef', 'signatureDef', 5, 'SignatureDef'],
  ['SignatureDef', 'inputs', 1, 'TensorInfo'],
  ['SignatureDef', 'outputs', 2, 'TensorInfo'],
];
for (const [message, field, id, type] of maps) {
  root.lookupType(message).add(new protobuf.MapField(field, id, 'string', type));
}

function descriptorOf(message: string, fields: Record<string, Field>): protobuf.IType {
  return {
    fields: Object.fromEntries(
      Object.entries(fields).map(([name, [type, id, rule]]) => [name, { type, id, rule }]),
    ),
    // A member of a oneof is written also when it is 0 or false.
    ...(message === 'AttrValue' && { oneofs: { value: { oneof: Object.keys(fields) } } }),
  };
}

/** A value of a node's attribute: one of the members is set. */
export interface AttributeValue {
  list?: {
    s?: Uint8Array[];
    i?: number[];
    f?: number[];
    b?: boolean[];
    type?: number[];
    func?: NameAttrList[];
  };
  s?: Uint8Array;
  i?: number;
  f?: number;
  b?: boolean;
  type?: number;
  shape?: { dim: { size: number }[] };
  tensor?: TensorProto;
  func?: NameAttrList;
}

/** A function by name, with attributes of its own. */
export interface NameAttrList {
  name: string;
  attr: Record<string, AttributeValue>;
}

/** A constant: `tensorContent` holds all elements, or one of the `Val` lists a value that the rest repeats. */
export interface TensorProto {
  dtype: number;
  tensorShape: { dim: { size: number }[] };
  tensorContent?: Uint8Array;
  floatVal?: number[];
  intVal?: number[];
  boolVal?: boolean[];
  stringVal?: Uint8Array[];
}

/** One operation of a graph. */
export interface NodeDef {
  name: string;
  op: string;
  input: string[];
  attr: Record<string, AttributeValue>;
}

/** An input or output of an op, with the names of the attributes that give its type and count. */
export interface ArgDef {
  name: string;
  type: number;
  typeAttr: string;
  numberAttr: string;
  typeListAttr: string;
}

/** What TensorFlow says of one op. */
export interface OpDef {
  name: string;
  inputArg: ArgDef[];
  outputArg: ArgDef[];
  attr: { name: string; type: string; defaultValue?: AttributeValue | null }[];
  isStateful: boolean;
}

/** Bytes of a message of the named type. */
export function encode(
  type: 'GraphDef' | 'GraphParts' | 'NodeDef' | 'ConfigProto' | 'RunOptions',
  message: Record<string, unknown>,
): Uint8Array {
  return root.lookupType(type).encode(message).finish();
}

/** A graph as its serialized nodes and functions. */
export interface GraphParts {
  node: Uint8Array[];
  library: { function: Uint8Array[] }[];
  versions: Uint8Array;
}

/** A function of a graph's library. */
export interface FunctionDef {
  signature: OpDef | null;
  nodeDef: NodeDef[];
}

/** The serialized nodes and functions of a serialized GraphDef. */
export function decodeGraphParts(bytes: Uint8Array): GraphParts {
  return root.lookupType('GraphParts').decode(bytes) as unknown as GraphParts;
}

/** A serialized node. */
export function decodeNode(bytes: Uint8Array): NodeDef {
  return root.lookupType('NodeDef').decode(bytes) as unknown as NodeDef;
}

/** A serialized function. */
export function decodeFunction(bytes: Uint8Array): FunctionDef {
  return root.lookupType('FunctionDef').decode(bytes) as unknown as FunctionDef;
}

/** One graph of a SavedModel: how its variables are restored, and its inputs and outputs by signature. */
export interface MetaGraph {
  metaInfoDef: { tags: string[] } | null;
  graphDef: Uint8Array;
  saverDef: { filenameTensorName: string; restoreOpName: string } | null;
  signatureDef: Record<
    string,
    { inputs: Record<string, { name: string }>; outputs: Record<string, { name: string }> }
  >;
}

/** The graphs in a serialized SavedModel. */
export function decodeSavedModel(bytes: Uint8Array): MetaGraph[] {
  return (root.lookupType('SavedModel').decode(bytes) as unknown as { metaGraphs: MetaGraph[] }).metaGraphs;
}

/** The op definitions in a serialized OpList. */
export function decodeOpList(bytes: Uint8Array): OpDef[] {
  return (root.lookupType('OpList').decode(bytes) as unknown as { op: OpDef[] }).op;
}

/** One op's execution in a step. */
export interface NodeStats {
  readonly nodeName: string;
  readonly device: string;
  /** Microseconds that its kernel ran. */
  readonly microseconds: number;
}

/** The ops that ran in a traced step, from a serialized RunMetadata. */
export function decodeStepStats(bytes: Uint8Array): NodeStats[] {
  const type = root.lookupType('RunMetadata');
  const metadata = type.toObject(type.decode(bytes), { longs: Number, defaults: true, arrays: true }) as {
    stepStats: {
      devStats: {
        device: string;
        nodeStats: { nodeName: string; opStartRelMicros: number; opEndRelMicros: number }[];
      }[];
    };
  };
  return metadata.stepStats.devStats.flatMap(({ device, nodeStats }) =>
    nodeStats.map(({ nodeName, opStartRelMicros, opEndRelMicros }) => ({
      nodeName,
      device,
      microseconds: opEndRelMicros - opStartRelMicros,
    })),
  );
}
