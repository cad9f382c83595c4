/** Worker processes, seen from the process that started them. */
import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { visibleGpus } from './gpus';
import type { FromWorker, ToWorker } from './worker-messages';
import type { Worker, WorkerPool } from './workers';

/**
 * Worker processes of this machine: as many as it has GPUs, each with one of them, or else processor cores.
 * @param module file of a module that exports `runCell`, a {@link RunCell}; TypeScript or JavaScript.
 */
export function localWorkers(module: string, gpus: readonly string[] = visibleGpus()): WorkerPool {
  return {
    size: gpus.length || os.availableParallelism(),
    start: (lane, signal) =>
      startWorker(module, signal, gpus.length > 0 ? { CUDA_VISIBLE_DEVICES: gpus[lane % gpus.length] } : {}),
  };
}

/** Time to save and end after an abort, in milliseconds; then the worker is killed. */
const patience = 15_000;

function startWorker(module: string, signal?: AbortSignal, environment: NodeJS.ProcessEnv = {}): Worker {
  const child = fork(entry(), [module], {
    execArgv: entryArguments(),
    env: { ...workerEnvironment(), ...environment },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  child.on('error', () => undefined); // heard by whoever computes; an idle worker has nothing to lose
  const lastWords = tail(child);
  const ended = endOf(child);
  const abort = () => void endGently(child, ended);
  signal?.addEventListener('abort', abort, { once: true });
  void ended.then(() => signal?.removeEventListener('abort', abort));
  return {
    get alive() {
      return child.connected && child.exitCode === null && child.signalCode === null;
    },
    compute: (cell, onProgress) => compute(child, cell, { onProgress, lastWords, ended }),
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** How a process ended, or why it never began. */
interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  readonly error?: Error;
}

interface Listener {
  readonly onProgress: (progress: unknown) => void;
  readonly lastWords: () => string;
  readonly ended: Promise<Ending>;
}

function compute(
  child: ChildProcess,
  cell: unknown,
  { onProgress, lastWords, ended }: Listener,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (done: () => void) => {
      child.off('message', hear);
      done();
    };
    const hear = (message: FromWorker) => {
      if (message.kind === 'progress') onProgress(message.progress);
      else if (message.kind === 'result') settle(() => resolve(message.result));
      else settle(() => reject(revived(message)));
    };
    child.on('message', hear);
    void ended.then(ending => settle(() => reject(new Error(obituary(ending, lastWords())))));
    send(child, { kind: 'compute', cell });
  });
}

function send(child: ChildProcess, message: ToWorker): void {
  // A worker that has just died is noticed by its 'close'.
  if (child.connected) child.send(message, () => undefined);
}

/** The worker's error with the worker's stack: it says where the cell failed. */
function revived({ name, message, stack }: Extract<FromWorker, { kind: 'error' }>): Error {
  if (name === 'AbortError') return new DOMException(message, name);
  return Object.assign(new Error(message), { name, stack });
}

function obituary({ code, signal, error }: Ending, lastWords: string): string {
  if (error) return `A worker process could not be started: ${error.message}`;
  const how = signal === null ? `ended with exit status ${code}` : `was ended by ${signal}`;
  const why = signal === 'SIGKILL' ? ' If memory ran out, use fewer workers or a smaller batch.' : '';
  return `The worker process ${how} before its cell was finished.${why}${lastWords && `\n${lastWords}`}`;
}

/** Remembers the end of what the worker writes to its standard error. */
function tail(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(-4000)));
  return () => text.trim();
}

/** Resolves once the process has ended and its last words have been read; 'close' does not come after a disconnect. */
async function endOf(child: ChildProcess): Promise<Ending> {
  const ending = new Promise<Ending>(resolve => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', error => resolve({ code: null, signal: null, error }));
  });
  await Promise.all([ending, child.stderr && finished(child.stderr).catch(() => undefined)]);
  return ending;
}

async function endGently(child: ChildProcess, ended: Promise<Ending>): Promise<void> {
  send(child, { kind: 'abort' });
  const kill = setTimeout(() => child.kill('SIGKILL'), patience);
  await ended;
  clearTimeout(kill);
}

const extension = path.extname(__filename);

function entry(): string {
  return path.join(__dirname, `worker${extension}`);
}

/** In a clone the worker is TypeScript, run through tsx; none of this process's own flags (inspector, loaders) go along. */
function entryArguments(): string[] {
  return extension === '.ts' ? ['--require', createRequire(__filename).resolve('tsx/cjs')] : [];
}

/**
 * One thread a worker, since there is a worker for each core.
 * NODE_OPTIONS may hold this process's inspector or loaders, and is left out.
 */
function workerEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NODE_OPTIONS: undefined,
    TF_NUM_INTRAOP_THREADS: '1',
    TF_NUM_INTEROP_THREADS: '1',
    OMP_NUM_THREADS: '1',
  };
}
