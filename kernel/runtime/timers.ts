/**
 * Timers of cells. They belong to their cell, so that an interrupt can drop them; and their callbacks run from a
 * message event instead of Node's timer loop, where a termination would abort the process ("async hook stack has become
 * corrupted").
 */
import nodeTimers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { currentCell, enterCell, type Cell } from './cell';

type Callback = (...args: unknown[]) => void;
type SetTimer = (callback: Callback, ...rest: unknown[]) => object;
type ClearTimer = (timer: unknown) => void;

const waiting: (() => void)[] = [];
const { port1: receiver, port2: sender } = new MessageChannel();
receiver.on('message', () => waiting.shift()?.());
receiver.unref();

/** Runs a callback of a cell from a message event of its own. */
function fromMessage(cell: Cell, callback: () => void): void {
  waiting.push(() => {
    if (cell.stopped) return;
    enterCell(cell);
    callback();
  });
  sender.postMessage(0);
}

const cleared = new WeakSet<object>();
const clear = nodeTimers.clearTimeout;

function wrapSet(set: SetTimer, argumentsFrom: number, repeats: boolean): SetTimer {
  const wrapped: SetTimer = (callback, ...rest) => {
    const cell = currentCell();
    if (cell === undefined || typeof callback !== 'function') return set(callback, ...rest);
    const args = rest.slice(argumentsFrom);
    const timer = set(
      () => {
        if (!repeats) cell.timers.delete(timer);
        fromMessage(cell, () => {
          if (!cleared.has(timer)) callback(...args);
        });
      },
      ...rest.slice(0, argumentsFrom),
    );
    cell.timers.add(timer);
    return timer;
  };
  // Keeps util.promisify(setTimeout).
  return Object.assign(wrapped, set);
}

function wrapClear(original: ClearTimer): ClearTimer {
  return timer => {
    if (typeof timer === 'object' && timer !== null) {
      cleared.add(timer);
      currentCell()?.timers.delete(timer);
    }
    original(timer);
  };
}

/** Drops the timers of a cell. */
export function dropTimers(cell: Cell): void {
  for (const timer of cell.timers) {
    cleared.add(timer);
    clear(timer as NodeJS.Timeout);
    nodeTimers.clearImmediate(timer as NodeJS.Immediate);
  }
  cell.timers.clear();
}

/**
 * `setTimeout` and `setImmediate` of node:timers/promises, on top of the timers of cells. An interrupt of the cell aborts them,
 * so that libraries that wait for one clean up.
 */
function promised(
  set: SetTimer,
  cancel: ClearTimer,
  hasDelay: boolean,
): (...args: unknown[]) => Promise<unknown> {
  return (...args) => {
    const [delay, value, options] = hasDelay ? args : [undefined, ...args];
    const { signal } = (options ?? {}) as { signal?: AbortSignal };
    const signals = [signal, currentCell()?.signal].filter(one => one !== undefined);
    const promise = new Promise((resolve, reject) => {
      const forget = () => signals.forEach(one => one.removeEventListener('abort', abort));
      const abort = () => {
        cancel(timer);
        forget();
        // Nobody may be waiting for a timer of an interrupted cell: that is no error.
        if (!signal?.aborted) promise.catch(() => undefined);
        reject(aborted(signal?.reason));
      };
      const timer = set(
        () => {
          forget();
          resolve(value);
        },
        ...(hasDelay ? [delay] : []),
      );
      signals.forEach(one => one.addEventListener('abort', abort));
      if (signal?.aborted) abort();
    });
    return promise;
  };
}

function aborted(cause: unknown): Error {
  const error = new Error('The operation was aborted', { cause });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}

/** Puts the timers of cells in the place of Node's. */
export function installTimers(): void {
  const wrapped = {
    setTimeout: wrapSet(nodeTimers.setTimeout as SetTimer, 1, false),
    setInterval: wrapSet(nodeTimers.setInterval as SetTimer, 1, true),
    setImmediate: wrapSet(nodeTimers.setImmediate, 0, false),
    clearTimeout: wrapClear(nodeTimers.clearTimeout as ClearTimer),
    clearInterval: wrapClear(nodeTimers.clearInterval as ClearTimer),
    clearImmediate: wrapClear(nodeTimers.clearImmediate as ClearTimer),
  };
  Object.assign(globalThis, wrapped);
  Object.assign(nodeTimers, wrapped);
  Object.assign(timersPromises, {
    setTimeout: promised(wrapped.setTimeout, wrapped.clearTimeout, true),
    setImmediate: promised(wrapped.setImmediate, wrapped.clearImmediate, false),
  });
}
