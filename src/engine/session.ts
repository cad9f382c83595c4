/**
 * TensorFlow sessions: graphs run by one native call, off the event loop, so that the process stays responsive meanwhile.
 * The native module is native/session.cc, built by set-up.
 */
import path from 'node:path';
import './tensorflow';
import { describeFailure } from './failure';
import { createOrder } from './order';
import { encode } from './protobuf';

/** How a session computes. */
export interface SessionOptions {
  /** Threads of one op and of independent ops; default: as many as the machine has cores. With 1, results repeat bit for bit. */
  readonly threads?: number;
  /** Compile clusters of ops with XLA; default false (it made CPUs slower when measured). */
  readonly xla?: boolean;
  /**
   * 'bfloat16': products and convolutions take bfloat16 inputs where TensorFlow thinks it safe (8 instead of 24 bits of
   * mantissa; variables stay float32). TensorFlow does so on CPUs with AVX-512 only. Default 'float32'.
   */
  readonly precision?: 'float32' | 'bfloat16';
}

/** Opaque native handle. */
type Handle = object;

/** A tensor on its way into or out of the native module. */
export interface NativeTensor {
  readonly dtype: number;
  readonly shape: readonly number[];
  readonly values: Float32Array | Float64Array | Int32Array | Uint8Array;
}

interface SessionModule {
  opDefinitions(): Uint8Array;
  createSession(config: Uint8Array, ownThreads: boolean): Handle;
  extendSession(session: Handle, graph: Uint8Array): void;
  prepare(
    session: Handle,
    feeds: string[],
    fetches: string[],
    targets: string[],
    options: Uint8Array,
  ): Handle;
  run(callable: Handle, inputs: NativeTensor[]): Promise<NativeTensor[]>;
  trace(callable: Handle, inputs: NativeTensor[]): Promise<Uint8Array>;
  release(handle: Handle): void;
}

/**
 * One kind of call: values for the feeds go in, values of the fetches come out; the targets run as well. Targets change
 * variables: calls with targets run alone, others side by side.
 */
export type Callable = (feeds: NativeTensor[]) => Promise<NativeTensor[]>;

/** A TensorFlow session and its growing graph. */
export interface Session {
  /** Imports a serialized GraphDef; its variables are shared with earlier graphs by their shared_name. */
  extend(graph: Uint8Array): void;
  /** Looks up what to feed (`name:index`), fetch (`name:index`) and run (node names). */
  prepare(feeds: string[], fetches: string[], targets: string[]): Callable;
  /** As `prepare`, for calls that return TensorFlow's statistics of the step: a serialized RunMetadata. */
  prepareTraced(feeds: string[], targets: string[]): (feeds: NativeTensor[]) => Promise<Uint8Array>;
  /** Frees graph and variables, once calls in flight have ended. */
  dispose(): void;
}

/**
 * The native module.
 * @throws Error with the remedy when it is missing or does not fit this Node or TensorFlow.
 */
export function sessionModule(): SessionModule {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- a native module can only be required
    module_ ??= require(path.join(__dirname, '../../src/engine/native/build/session.node')) as SessionModule;
  } catch (error) {
    throw new Error(
      `The native session module cannot be loaded (${(error as Error).message.split('\n')[0]}). Run \`npm run setup\` to build it (\`npx unimodal setup\` where unimodal is an installed package).`,
      { cause: error },
    );
  }
  return module_;
}
let module_: SessionModule | undefined;

/**
 * A new session with an empty graph.
 * @throws RangeError when `threads` is not a positive integer.
 */
export function createSession(options: SessionOptions = {}): Session {
  const { threads } = options;
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 1)) {
    throw new RangeError(`A session runs on a positive whole number of threads, not ${threads}.`);
  }
  const native = sessionModule();
  const handle = native.createSession(encode('ConfigProto', configOf(options)), threads !== undefined);
  const inOrder = createOrder();
  const callables: Handle[] = [];
  // With one thread the ops run in the calling thread of the pool, without handing over: small ops gain most.
  const runOptions = threads === 1 ? { interOpThreadPool: -1 } : {};
  const prepare = (feeds: string[], fetches: string[], targets: string[], options: object) => {
    const callable = native.prepare(
      handle,
      feeds,
      fetches,
      targets,
      encode('RunOptions', { ...runOptions, ...options }),
    );
    callables.push(callable);
    return callable;
  };
  return {
    extend: graph => native.extendSession(handle, graph),
    prepare(feeds, fetches, targets) {
      // TensorFlow refuses to run nothing.
      if (fetches.length + targets.length === 0) return () => Promise.resolve([]);
      const callable = prepare(feeds, fetches, targets, {});
      const changes = targets.length > 0; // fetches only read
      return inputs => inOrder(changes, () => withExplanation(() => native.run(callable, inputs)));
    },
    prepareTraced(feeds, targets) {
      const callable = prepare(feeds, [], targets, { traceLevel: fullTrace });
      return inputs => inOrder(true, () => withExplanation(() => native.trace(callable, inputs)));
    },
    dispose() {
      callables.forEach(callable => native.release(callable));
      native.release(handle);
    },
  };
}

function configOf({ threads, xla = false, precision = 'float32' }: SessionOptions) {
  return {
    allowSoftPlacement: true,
    gpuOptions: { allowGrowth: true },
    graphOptions: {
      // One pass of graph optimization instead of two: the second found nothing more, at half a second a function.
      rewriteOptions: {
        metaOptimizerIterations: 1,
        ...(precision === 'bfloat16' && { autoMixedPrecisionOnednnBfloat16: on }),
      },
      ...(xla && { optimizerOptions: { globalJitLevel: 2 } }),
    },
    ...(threads && {
      intraOpParallelismThreads: threads,
      interOpParallelismThreads: threads,
      usePerSessionThreads: true,
    }),
  };
}

/** RewriterConfig.Toggle */
const on = 1;

/** RunOptions.FULL_TRACE */
const fullTrace = 3;

async function withExplanation<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    if (code === undefined) throw error; // the module's own words
    throw new Error(describeFailure('the compiled function', code, message), { cause: error });
  }
}
