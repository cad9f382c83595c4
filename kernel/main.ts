/**
 * The main thread of the kernel: user code runs here, and nothing else. Starts the two other threads, puts the kernel's
 * services in place, and then waits for cells.
 */
import path from 'node:path';
import util from 'node:util';
import { MessageChannel, Worker } from 'node:worker_threads';
import { guardAwait, guardIteration } from './runtime/awaits';
import { Cell, currentCell, enterCell } from './runtime/cell';
import { createHost } from './runtime/host';
import { installModules } from './runtime/modules';
import { installOutput } from './runtime/output';
import { installResolution } from './runtime/resolve';
import { runCell } from './runtime/run';
import { installStackTraces } from './runtime/stack';
import { dropTimers, installTimers } from './runtime/timers';
import { createSharedMemory } from './shared';
import type { FromMain, FrontData, LanguageData, ToMain } from './threads';

/** Cells that may still have something to run, by number. */
const alive = new Map<number, Cell>();
const MAXIMUM_ALIVE = 1_000;
/** How long the front gets to send what is left when a cell ends the process. */
const EXIT_MILLISECONDS = 300;

function startThreads(connectionFile: string, shared: SharedArrayBuffer): Worker {
  const launcher = path.join(__dirname, 'launch.cjs');
  const { port1, port2 } = new MessageChannel();
  const frontData: FrontData = { entry: './protocol/front', connectionFile, shared, language: port1 };
  const languageData: LanguageData = { entry: './cells/language', folder: process.cwd(), front: port2 };
  const front = new Worker(launcher, { workerData: frontData, transferList: [port1] });
  const language = new Worker(launcher, { workerData: languageData, transferList: [port2] });
  for (const worker of [front, language]) {
    worker.on('error', error => {
      process.stderr.write(`The kernel failed: ${error.stack}\n`);
      process.kill(process.pid, 'SIGKILL');
    });
  }
  return front;
}

/** Drops a cell, or every cell: their awaits, timers and signals. Must be safe to repeat. */
function interrupt(number: number | undefined, send: (message: FromMain) => void): void {
  const cells = [...alive.values()].filter(cell => number === undefined || cell.number === number);
  for (const cell of cells) {
    cell.stopped = true;
    dropTimers(cell);
    alive.delete(cell.number);
  }
  enterCell(undefined);
  send({ type: 'interrupted', cell: number, declared: cells.flatMap(cell => [...cell.declared]) });
  for (const cell of cells) cell.abort();
}

async function run(
  message: Extract<ToMain, { type: 'run' }>,
  send: (message: FromMain) => void,
): Promise<void> {
  const cell = new Cell(message.cell, message.label, message.code);
  alive.set(cell.number, cell);
  for (const oldest of alive.keys()) {
    if (alive.size <= MAXIMUM_ALIVE) break;
    alive.delete(oldest);
  }
  const outcome = await runCell(message, cell);
  send({ type: 'done', cell: cell.number, outcome });
}

/** Ends the process after its exit handlers; killed, because ZeroMQ aborts noisily when its thread is torn down. */
function endProcess(status: number): never {
  process.emit('exit', status);
  process.kill(process.pid, 'SIGKILL');
  throw new Error('The process has ended.');
}

/** `process.exit()` in a cell: the front says so to the user before the process ends. */
function installExit(send: (message: FromMain) => void): void {
  process.exit = (code?: number | string | null) => {
    const status = Number(code ?? process.exitCode ?? 0);
    send({ type: 'exiting', cell: currentCell()?.number, code: status });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, EXIT_MILLISECONDS);
    return endProcess(status);
  };
}

/** Errors that no cell waits for: shown, and the kernel lives on. */
function installLastResort(): void {
  const report = (what: string) => (error: unknown) => {
    process.stderr.write(`${what}: ${util.inspect(error)}\n`);
  };
  process.on('uncaughtException', report('Uncaught exception'));
  process.on('unhandledRejection', report('Unhandled rejection'));
}

function main(connectionFile: string): void {
  const shared = createSharedMemory();
  const front = startThreads(connectionFile, shared);
  const send = (message: FromMain) => front.postMessage(message);
  installStackTraces();
  installResolution(module);
  installModules();
  installTimers();
  installOutput(send, shared);
  installExit(send);
  installLastResort();
  const host = createHost(send, shared);
  const hidden = { __await: guardAwait, __iterate: guardIteration, [Symbol.for('Jupyter.kernel')]: host };
  for (const name of Reflect.ownKeys(hidden)) {
    Object.defineProperty(globalThis, name, {
      value: hidden[name as keyof typeof hidden],
      configurable: true,
    });
  }
  Object.assign(globalThis, { prompt: (message?: string) => host.prompt(String(message ?? '')) });
  process.on('SIGINT', () => send({ type: 'signal' }));
  front.on('message', (message: ToMain) => {
    if (message.type === 'run') void run(message, send);
    else if (message.type === 'interrupt') interrupt(message.cell, send);
    else if (message.type === 'exit') endProcess(0);
  });
}

main(process.argv[2]);
