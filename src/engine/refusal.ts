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
  const kernel = /dist[\\/]kernels[\\/](\w+)\.js/.exec(stack().join('\n'))?.[1];
  if (kernel) {
    refuse(
      `${kernel} reads its inputs' values and cannot be recorded`,
      kernel === 'GatherV2' ? 'Use gatherRows of engine/ops, which takes any indices.' : '',
    );
  }
  refuse(`A compiled function cannot read a tensor's values back, as ${calledFunction()} does`);
}

/** @throws Error always: an op, or by default the function that user code called, took a tensor that is gone. */
export function refuseDisposed(user = calledFunction()): never {
  refuse(
    `${user} uses a tensor that was disposed of before, by dispose or at the end of a tf.tidy`,
    'Return it from the tf.tidy, or tf.keep it.',
  );
}

/** @throws Error always: JavaScript's random numbers would be the same at every call. */
export function refuseRandom(): never {
  refuse(
    'A compiled function drew a random number in JavaScript',
    'Use engine/random, which draws anew at each call.',
  );
}

/** The function of TensorFlow.js that user code called. */
function calledFunction(): string {
  const frames = stack();
  const frame = frames[frames.findIndex(isUserCode) - 1] ?? '';
  return /(\w+)(?: \[as \w+\])? \(/.exec(frame)?.[1] ?? 'an op';
}

function atUserLine(): string {
  const frame = stack().find(isUserCode);
  const place = frame && /\(?([^\s()]+:\d+:\d+)\)?$/.exec(frame);
  return place ? ` at ${place[1]}` : '';
}

/** Whether a frame of the stack is outside this folder and outside packages. */
function isUserCode(frame: string): boolean {
  const ours = ['node_modules', 'tfjs-core', __dirname, 'node:'];
  return /:\d+:\d+\)?$/.test(frame) && !ours.some(each => frame.includes(each));
}

/** The whole stack, innermost first: tfjs puts more frames between user and kernel than an error shows by default. */
function stack(): string[] {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 200;
  const text = new Error().stack ?? '';
  Error.stackTraceLimit = stackTraceLimit;
  return text.split('\n');
}
