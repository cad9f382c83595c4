/**
 * Networks of other people as TensorFlow keeps them: a frozen GraphDef (one .pb file) or a SavedModel (a folder). A graph is
 * code, so only what leads to the asked output is taken over, and only ops that compute (allowed-ops.ts), in the graph and in
 * every function it calls; what is checked is what is run.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { computingOps, restoringOps } from './allowed-ops';
import { typeNumbers } from './backend';
import type { AttributeValue, GraphParts, MetaGraph, NodeDef } from './protobuf';
import { decodeFunction, decodeGraphParts, decodeNode, decodeSavedModel, encode } from './protobuf';
import { createSession, type NativeTensor } from './session';

/** Which tensors of a graph are fed and fetched. */
export interface ForeignGraphOptions {
  /**
   * The tensor that takes the images: "input:0". A tensor inside the graph is fed in place of what computes it. Default: the
   * graph's only placeholder, or the signature's only input.
   */
  readonly input?: string;
  /** The tensor to compute: "pool_3:0". Default: the graph's only tensor that nothing uses, or the signature's only output. */
  readonly output?: string;
  /** Of a SavedModel, the signature whose input and output are meant. Default 'serving_default'. */
  readonly signature?: string;
}

/** A network of another's making, ready to run. */
export interface ForeignGraph {
  /** The fed and the fetched tensor. */
  readonly input: string;
  readonly output: string;
  /** TensorFlow's number of the input's type: 1 for float32, 4 for uint8. */
  readonly inputType: number;
  /** The output for an input. */
  run(input: NativeTensor): Promise<NativeTensor>;
  /** Frees graph and weights. */
  dispose(): void;
}

/** A graph to be loaded: where it comes from, which tensors are meant, and how its variables are restored. */
interface Source {
  readonly path: string;
  readonly parts: GraphParts;
  readonly nodes: ReadonlyMap<string, { readonly node: NodeDef; readonly bytes: Uint8Array }>;
  readonly input: string;
  readonly output: string;
  /** Of a SavedModel with variables: the placeholder of the checkpoint's name, the checkpoint, and what restores it. */
  readonly restore?: { readonly filename: string; readonly checkpoint: string; readonly target: string };
}

/**
 * Loads a network from a frozen graph's file or a SavedModel's folder.
 * @throws Error when it can not be read, its signature, input or output is not clear or not there, or it uses an op that is not on the
 *   list of those that only compute: the message names op and node
 */
export async function loadForeignGraph(
  file: string,
  options: ForeignGraphOptions = {},
): Promise<ForeignGraph> {
  const isFolder = (await reading(file, fs.stat(file))).isDirectory();
  const source = isFolder ? await savedModel(file, options) : await frozenGraph(file, options);
  const kept = ancestors(source);
  const functions = calledFunctions(source, kept);
  requireComputing(source, kept, functions);
  const session = createSession();
  try {
    session.extend(serialized(source, kept, functions));
    if (source.restore) await session.prepare([], [], [source.restore.target])([]);
    const call = session.prepare([source.input], [source.output], []);
    return {
      input: source.input,
      output: source.output,
      inputType: inputTypeOf(source),
      run: async input => (await call([input]))[0],
      dispose: () => session.dispose(),
    };
  } catch (error) {
    session.dispose();
    throw new Error(`The graph in ${file} cannot be loaded: ${(error as Error).message}`, { cause: error });
  }
}

async function frozenGraph(file: string, options: ForeignGraphOptions): Promise<Source> {
  const { parts, nodes } = parse(file, await reading(file, fs.readFile(file)), decodeGraphParts);
  const used = new Set([...nodes.values()].flatMap(({ node }) => node.input.map(nodeOf)));
  const names = [...nodes.keys()];
  const placeholders = names.filter(name => nodes.get(name)!.node.op === 'Placeholder');
  const input = options.input ?? only(file, 'input', placeholders);
  const output =
    options.output ??
    only(
      file,
      'output',
      names.filter(name => !used.has(name)),
    );
  return checked({ path: file, parts, nodes, input: tensorName(input), output: tensorName(output) });
}

async function savedModel(folder: string, options: ForeignGraphOptions): Promise<Source> {
  const file = path.join(folder, 'saved_model.pb');
  const bytes = await reading(file, fs.readFile(file));
  let graphs: MetaGraph[] = [];
  const { parts, nodes } = parse(folder, bytes, () => {
    graphs = decodeSavedModel(bytes);
    graphs.sort((a, b) => Number(isServing(b)) - Number(isServing(a)));
    return decodeGraphParts(graphs[0].graphDef);
  });
  const [{ saverDef, signatureDef }] = graphs;
  const { signature = 'serving_default' } = options;
  const found = Object.hasOwn(signatureDef, signature) ? signatureDef[signature] : undefined;
  const areNamed = options.input !== undefined && options.output !== undefined;
  if (!found && (options.signature !== undefined || !areNamed)) {
    throw new Error(
      `The SavedModel in ${folder} has no signature '${signature}'; it has ${signaturesIn(signatureDef)}. Name one as "signature", or tensors as "input" and "output".`,
    );
  }
  const named = (kind: 'inputs' | 'outputs') => Object.values(found?.[kind] ?? {}).map(({ name }) => name);
  const input = options.input ?? only(folder, `input of the signature '${signature}'`, named('inputs'));
  const output = options.output ?? only(folder, `output of the signature '${signature}'`, named('outputs'));
  const restore = saverDef?.restoreOpName && {
    filename: nodeOf(saverDef.filenameTensorName),
    checkpoint: path.resolve(folder, 'variables', 'variables'),
    target: nodeOf(saverDef.restoreOpName),
  };
  const tensors = { input: tensorName(input), output: tensorName(output) };
  return checked({ path: folder, parts, nodes, ...tensors, ...(restore && { restore }) });
}

/** Their names, less what TensorFlow keeps there for itself. */
function signaturesIn(signatures: MetaGraph['signatureDef']): string {
  const names = Object.keys(signatures).filter(name => !name.startsWith('__'));
  return names.length > 0 ? names.join(', ') : 'none';
}

function isServing({ metaInfoDef }: MetaGraph): boolean {
  return metaInfoDef?.tags.includes('serve') ?? false;
}

async function reading<T>(file: string, read: Promise<T>): Promise<T> {
  return read.catch((cause: unknown) => {
    throw new Error(
      `Cannot read ${file}. Does it exist, and may you read it? Give a frozen GraphDef (.pb) or a SavedModel's folder.`,
      { cause },
    );
  });
}

function parse(file: string, bytes: Uint8Array, decode: (bytes: Uint8Array) => GraphParts) {
  try {
    const parts = decode(bytes);
    const nodes = parts.node.map(each => ({ node: decodeNode(each), bytes: each }));
    if (nodes.length === 0) throw new Error('it holds no nodes');
    return { parts, nodes: new Map(nodes.map(each => [each.node.name, each])) };
  } catch (error) {
    throw new Error(
      `${file} is not a TensorFlow graph (${(error as Error).message}). Give a frozen GraphDef (.pb) or a SavedModel's folder.`,
      { cause: error },
    );
  }
}

function only(file: string, what: string, names: readonly string[]): string {
  if (names.length === 1) return names[0];
  const some = names.length > 0 ? `; it could be ${names.slice(0, 8).join(', ')}` : '';
  throw new Error(`The ${what} of ${file} is not clear${some}. Name it, for instance "features:0".`);
}

function checked(source: Source): Source {
  for (const name of [source.input, source.output, ...(source.restore ? [source.restore.target] : [])]) {
    if (source.nodes.has(nodeOf(name))) continue;
    throw new Error(`The graph in ${source.path} has no tensor '${name}'.`);
  }
  return source;
}

/** The nodes that the output and the restoring need; what would compute the input is left out. */
function ancestors({ nodes, input, output, restore }: Source): Set<string> {
  const kept = new Set<string>();
  const pending = [nodeOf(output), ...(restore ? [restore.target] : [])];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const found = nodes.get(name);
    if (kept.has(name) || !found) continue; // a missing input is TensorFlow's error on import
    kept.add(name);
    if (name !== nodeOf(input) && name !== restore?.filename) pending.push(...found.node.input.map(nodeOf));
  }
  if (!kept.has(nodeOf(input)))
    throw new Error(`The output '${output}' does not depend on the input '${input}'.`);
  return kept;
}

type Functions = Map<string, { readonly bytes: Uint8Array; readonly nodes: readonly NodeDef[] }>;

/** The functions of the library that the kept nodes call, and those that these call. */
function calledFunctions({ parts, nodes }: Source, kept: ReadonlySet<string>): Functions {
  const library: Functions = new Map(
    parts.library
      .flatMap(each => each.function)
      .map(bytes => {
        const { signature, nodeDef } = decodeFunction(bytes);
        return [signature?.name ?? '', { bytes, nodes: nodeDef }];
      }),
  );
  const called: Functions = new Map();
  const pending = [...kept].map(name => nodes.get(name)!.node);
  for (let node = pending.pop(); node; node = pending.pop()) {
    for (const name of [node.op, ...functionsIn(Object.values(node.attr))]) {
      const found = library.get(name);
      if (!found || called.has(name)) continue;
      called.set(name, found);
      pending.push(...found.nodes);
    }
  }
  return called;
}

/** Names of functions in attributes, at any depth. */
function functionsIn(values: readonly AttributeValue[]): string[] {
  return values
    .flatMap(({ func, list }) => [...(func ? [func] : []), ...(list?.func ?? [])])
    .flatMap(({ name, attr }) => [name, ...functionsIn(Object.values(attr))]);
}

/** @throws Error that names every op that does more than compute. */
function requireComputing(source: Source, kept: ReadonlySet<string>, functions: Functions): void {
  const { path: file, nodes, input, restore } = source;
  const allowed = restore ? restoringOps : computingOps;
  const isRefused = ({ op }: NodeDef) => !allowed.has(op) && !functions.has(op);
  const replaced = [nodeOf(input), restore?.filename];
  const inGraph = [...kept]
    .filter(name => !replaced.includes(name))
    .map(name => nodes.get(name)!.node)
    .filter(isRefused)
    .map(({ op, name }) => `${op} (node '${name}')`);
  const inFunctions = [...functions].flatMap(([within, each]) =>
    each.nodes.filter(isRefused).map(({ op, name }) => `${op} (node '${name}' of the function '${within}')`),
  );
  const refused = [...inGraph, ...inFunctions];
  if (refused.length === 0) return;
  throw new Error(
    `The graph in ${file} uses ops that are not among those that only compute: ${refused.slice(0, 5).join(', ')}${refused.length > 5 ? ', ...' : ''}. A graph is code: what may touch files, the network or Python is never run. Freeze the part of the network that you need, or name a tensor behind these ops as "input".`,
  );
}

/** The kept part as a GraphDef: the input is a placeholder, the checkpoint's name a constant. */
function serialized(source: Source, kept: ReadonlySet<string>, functions: Functions): Uint8Array {
  const { nodes, parts, restore } = source;
  const node = [...kept].map(name => {
    if (name === nodeOf(source.input)) return placeholder(name, inputTypeOf(source));
    if (name === restore?.filename) return textConstant(name, restore.checkpoint);
    return nodes.get(name)!.bytes;
  });
  return encode('GraphParts', {
    node,
    library: [{ function: [...functions.values()].map(({ bytes }) => bytes) }],
    ...(parts.versions && { versions: parts.versions }),
  });
}

function placeholder(name: string, type: number): Uint8Array {
  return encode('NodeDef', { name, op: 'Placeholder', attr: { dtype: { type } } });
}

function textConstant(name: string, text: string): Uint8Array {
  const type = typeNumbers.string;
  const tensor = { dtype: type, tensorShape: { dim: [] }, stringVal: [Buffer.from(text)] };
  return encode('NodeDef', { name, op: 'Const', attr: { dtype: { type }, value: { tensor } } });
}

/** The type of the tensor that is fed. */
function inputTypeOf({ nodes, input, path: file }: Source): number {
  const { attr } = nodes.get(nodeOf(input))!.node;
  const type = (attr.dtype ?? attr.DstT ?? attr.T)?.type ?? typeNumbers.float32;
  if (type === typeNumbers.float32 || type === typeNumbers.uint8) return type;
  throw new Error(
    `The input '${input}' of ${file} is of TensorFlow's type ${type}; images are fed as float32 (1) or uint8 (4). Name a tensor further inside as "input".`,
  );
}

/** The node of an input such as "^name", "name:1" or "name". */
function nodeOf(input: string): string {
  return input.replace(/^\^/, '').replace(/:\d+$/, '');
}

function tensorName(name: string): string {
  return /:\d+$/.test(name) ? name : `${name}:0`;
}
