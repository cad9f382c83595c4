/** Where a compiled function's time goes, and on which device each op runs, by TensorFlow's own step statistics. */
import { typeNumbers } from './backend';
import { decodeStepStats } from './protobuf';
import type { TensorFunction } from './recorder';
import { record } from './recorder';
import type { NamedValues } from './values';
import type { Variables } from './variables';

/** One kind of op in a call. */
export interface OpProfile {
  /** Type of the op, such as Conv2D; fused ops begin with an underscore. */
  readonly op: string;
  /** Device, such as /job:localhost/replica:0/task:0/device:CPU:0. */
  readonly device: string;
  /** How many of them run in a call. */
  readonly count: number;
  /** Time in their kernels, mean over the traced calls, in microseconds; tracing itself adds to small ops. */
  readonly microseconds: number;
}

/**
 * Records `fn` and traces some calls, after one to warm up; what it assigns to variables is assigned.
 * @returns the ops by time, the longest first
 * @throws Error when the variables are run eagerly: there is no graph to profile then.
 */
export async function profile(
  fn: TensorFunction,
  { variables, inputs, calls = 5 }: { variables: Variables; inputs: NamedValues; calls?: number },
): Promise<OpProfile[]> {
  const { session } = variables;
  if (!session)
    throw new Error('Only compiled functions can be profiled: create the variables with { compile: true }.');
  const recording = record(fn, inputs, variables.tensors, `profile${profileCount++}`);
  session.extend(recording.graph);
  const fetched = recording.fetches.map(name => name.slice(0, name.lastIndexOf(':')));
  const call = session.prepareTraced(recording.feeds, [...new Set([...fetched, ...recording.targets])]);
  const feeds = recording.inputNames.map(name => ({
    ...inputs[name],
    dtype: typeNumbers[inputs[name].dtype],
  }));
  await variables.ready;
  await call(feeds);

  const kinds = new Map<string, OpProfile>();
  for (let i = 0; i < calls; i++) {
    for (const { nodeName, device, microseconds } of decodeStepStats(await call(feeds))) {
      const op = opOf(nodeName);
      const kind = kinds.get(`${op} ${device}`) ?? { op, device, count: 0, microseconds: 0 };
      kinds.set(`${op} ${device}`, {
        ...kind,
        count: kind.count + 1,
        microseconds: kind.microseconds + microseconds,
      });
    }
  }
  return [...kinds.values()]
    .map(kind => ({ ...kind, count: kind.count / calls, microseconds: kind.microseconds / calls }))
    .sort((a, b) => b.microseconds - a.microseconds);
}
let profileCount = 0;

// Our nodes are named prefix/Op_number; the graph optimizer adds names of its own around that.
function opOf(nodeName: string): string {
  return /([A-Za-z][A-Za-z0-9]*)_\d+/.exec(nodeName.slice(nodeName.lastIndexOf('/') + 1))?.[1] ?? nodeName;
}
