/**
 * The main thread of the kernel: user code runs here, and nothing else. Starts the two other threads, puts the kernel's
 * services in place, and then does what the front asks.
 */
import path from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import { guardAwait, guardIteration } from './runtime/awaits';
import { Cell, enterCell } from './runtime/cell';
import { createComms, type CommMessage } from './runtime/comms';
import { createHost, type KernelHost } from './runtime/host';
import { importNamespace, installModules } from './runtime/modules';
import { installOutput } from './runtime/output';
import { usePaths } from './runtime/paths';
import { endProcess, installExit, installLastResort } from './runtime/process';
import { installResolution } from './runtime/resolve';
import { runCell } from './runtime/run';
import { installStackTraces } from './runtime/stack';
import { dropTimers, installTimers } from './runtime/timers';
import { Recent } from './recent';
import { createSharedMemory } from './shared';
import type { FromMain, FrontData, LanguageData, ToMain } from './threads';

type Send = (message: FromMain) => void;

const MAXIMUM_ALIVE = 1_000;
/** Cells that may still have something to run, by number. */
const aliveCells = new Recent<number, Cell>(MAXIMUM_ALIVE);
/** Messages of comms, each handled as a cell of its own. */
const aliveHandlers = new Recent<number, Cell>(MAXIMUM_ALIVE);

function startThreads(connectionFile: string, shared: SharedArrayBuffer): Worker {
  const launcher = path.join(__dirname, 'launch.cjs');
  const { port1, port2 } = new MessageChannel();
  const frontData: FrontData = { entry: './protocol/front', connectionFile, shared, language: port1 };
  const languageData: LanguageData = { entry: './cells/language', folder: process.cwd(), front: port2 };
  const front = new Worker(launcher, { workerData: frontData, transferList: [port1] });
  const language = new Worker(launcher, { workerData: languageData, transferList: [port2] });
  for (const worker of [front, language]) {
    worker.on('error', error => {
      // The process's own streams may go through the thread that failed.
      (process as { _rawDebug?: (text: string) => void })._rawDebug?.(`The kernel failed: ${error.stack}`);
      process.kill(process.pid, 'SIGKILL');
    });
  }
  return front;
}

function begin(cell: Cell, alive: Map<number, Cell>): void {
  alive.set(cell.number, cell);
  enterCell(cell);
}

async function run(message: Extract<ToMain, { type: 'run' }>, send: Send): Promise<void> {
  const cell = new Cell(message.cell, message.label, message.code);
  begin(cell, aliveCells);
  usePaths(message.paths);
  const outcome = await runCell(message, cell);
  send({ type: 'done', cell: cell.number, outcome });
}

function handle(message: CommMessage, comms: ReturnType<typeof createComms>, send: Send): void {
  begin(new Cell(message.cell, 'comm', ''), aliveHandlers);
  try {
    comms.receive(message);
  } finally {
    send({ type: 'handled', cell: message.cell });
  }
}

/** Drops a cell, or every cell: their awaits, timers and signals. May be asked several times for one interrupt. */
function interrupt(number: number | undefined, send: Send): void {
  const alive = [...aliveCells.values(), ...aliveHandlers.values()];
  const cells = alive.filter(cell => number === undefined || cell.number === number);
  for (const cell of cells) {
    cell.stopped = true;
    dropTimers(cell);
    aliveCells.delete(cell.number);
    aliveHandlers.delete(cell.number);
  }
  enterCell(undefined);
  send({ type: 'interrupted', cell: number, declared: cells.flatMap(cell => [...cell.declared]) });
  for (const cell of cells) cell.abort();
}

/** What code in cells finds in its global scope besides Node's globals; see display/globals.d.ts for the types. */
function installGlobals(host: KernelHost): void {
  const hidden = {
    __await: guardAwait,
    __iterate: guardIteration,
    __importFrom: importNamespace,
    [Symbol.for('Jupyter.kernel')]: host,
  };
  for (const name of Reflect.ownKeys(hidden)) {
    const value: unknown = hidden[name as keyof typeof hidden];
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }
  const prompt = (message = '') => host.prompt(message);
  Object.assign(globalThis, { prompt });
}

function main(connectionFile: string): void {
  const shared = createSharedMemory();
  const front = startThreads(connectionFile, shared);
  const send: Send = message => front.postMessage(message);
  installStackTraces();
  installResolution(module);
  installModules();
  installTimers();
  installOutput(send, shared);
  installExit(send);
  installLastResort();
  const comms = createComms(send);
  installGlobals(createHost(send, shared, comms));
  process.on('SIGINT', () => send({ type: 'signal' }));
  front.on('message', (message: ToMain) => {
    if (message.type === 'run') void run(message, send);
    else if (message.type === 'interrupt') interrupt(message.cell, send);
    else if (message.type === 'exit') endProcess(0);
    else handle(message, comms, send);
  });
}

main(process.argv[2]);
