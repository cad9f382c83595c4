/** Errors of recording: what cannot be recorded, and where in the user's code it stands. */

/** @throws Error with the message, followed by the line of user code that led here. */
export function refuse(problem: string, remedy = ''): never {
  throw new Error(`${problem}${atUserLine()}.${remedy && ` ${remedy}`}`);
}

/** Ops that return as many values as their inputs ask for: code after them would be recorded for the example's number. */
const sizedByValues = /^(Where|Unique|NonMaxSuppression|DynamicPartition|ListDiff)/;

/** @throws Error when an op cannot be recorded whatever it is called with. */
export function requireRecordable(op: string, isStateful: boolean): void {
  if (isStateful) {
    refuse(`The op ${op} has side effects and cannot be recorded`, 'Random numbers come from engine/random.');
  }
  if (sizedByValues.test(op)) {
    refuse(`The op ${op} cannot be recorded: how many values it returns depends on values`);
  }
}

/** @throws Error always: a tensor's values were asked for, by user code or by a kernel of tfjs. */
export function refuseReading(): never {
  const kernel = /dist[\\/]kernels[\\/](\w+)\.js/.exec(stack())?.[1];
  if (kernel) {
    refuse(
      `${kernel} reads its inputs' values and cannot be recorded`,
      kernel === 'GatherV2' ? 'Use gatherRows of engine/ops, which takes any indices.' : '',
    );
  }
  refuse("A compiled function cannot read a tensor's values back (dataSync, arraySync, data, print)");
}

// The first frame outside this folder and outside packages.
function atUserLine(): string {
  const frame = stack()
    .split('\n')
    .find(
      line =>
        /:\d+:\d+\)?$/.test(line) &&
        !line.includes('node_modules') &&
        !line.includes('tfjs-core') &&
        !line.includes(__dirname) &&
        !line.includes('node:'),
    );
  const place = frame && /\(?([^\s()]+:\d+:\d+)\)?$/.exec(frame);
  return place ? ` at ${place[1]}` : '';
}

// The whole stack: tfjs puts more frames between user and kernel than an error shows by default.
function stack(): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 200;
  const text = new Error().stack ?? '';
  Error.stackTraceLimit = stackTraceLimit;
  return text;
}
