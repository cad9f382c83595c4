/**
 * The memory that the main and the front thread share, for what must not wait for an event loop: the answer to
 * `prompt()`, and how much output the main thread is ahead of the front.
 */

const WAITING = 0;
const ANSWERED = 1;
const REFUSED = 2;
const STATE = 0;
const LENGTH = 1;
const SENT = 2;
const RECEIVED = 3;
const HEADER_BYTES = 16;
const ANSWER_BYTES = 1 << 16;
/** Writes that may be under way; a cell that prints faster than the front sends waits, so that memory stays bounded. */
const MAXIMUM_AHEAD = 2_000;

/** Memory for one kernel. */
export function createSharedMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER_BYTES + ANSWER_BYTES);
}

const header = (memory: SharedArrayBuffer) => new Int32Array(memory, 0, HEADER_BYTES / 4);

/** Main thread: announces a question; call before it is sent. */
export function expectAnswer(memory: SharedArrayBuffer): void {
  Atomics.store(header(memory), STATE, WAITING);
}

/** Main thread: blocks until the user has answered; undefined when the front end cannot ask. */
export function waitForAnswer(memory: SharedArrayBuffer): string | undefined {
  const state = header(memory);
  Atomics.wait(state, STATE, WAITING);
  if (Atomics.load(state, STATE) === REFUSED) return undefined;
  return Buffer.from(new Uint8Array(memory, HEADER_BYTES, state[LENGTH])).toString();
}

/** Front thread: passes the answer on, or undefined for "cannot be asked". Answers are cut at 64 KiB. */
export function answer(memory: SharedArrayBuffer, value: string | undefined): void {
  const bytes = Buffer.from(value ?? '').subarray(0, ANSWER_BYTES);
  new Uint8Array(memory, HEADER_BYTES).set(bytes);
  const state = header(memory);
  state[LENGTH] = bytes.length;
  Atomics.store(state, STATE, value === undefined ? REFUSED : ANSWERED);
  Atomics.notify(state, STATE);
}

/** Main thread: counts a write, and waits while the front is too far behind. */
export function countSent(memory: SharedArrayBuffer): void {
  const state = header(memory);
  const sent = Atomics.add(state, SENT, 1) + 1;
  for (;;) {
    const received = Atomics.load(state, RECEIVED);
    if (((sent - received) | 0) < MAXIMUM_AHEAD) return;
    Atomics.wait(state, RECEIVED, received, 1_000);
  }
}

/** Front thread: counts a write that arrived. */
export function countReceived(memory: SharedArrayBuffer): void {
  const state = header(memory);
  Atomics.add(state, RECEIVED, 1);
  Atomics.notify(state, RECEIVED);
}
