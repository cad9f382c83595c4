/** The ends of the process: `process.exit()` in a cell, and errors that nobody catches. */
import util from 'node:util';
import type { FromMain } from '../threads';
import { currentCell } from './cell';

/** How long the front gets to send what is left when a cell ends the process. */
const EXIT_MILLISECONDS = 300;

/** Ends the process after its exit handlers; killed, because ZeroMQ aborts noisily when its thread is torn down. */
export function endProcess(status: number): never {
  process.emit('exit', status);
  process.kill(process.pid, 'SIGKILL');
  throw new Error('The process has ended.');
}

/** `process.exit()` in a cell: the front tells the user before the process ends, and Jupyter starts a new one. */
export function installExit(send: (message: FromMain) => void): void {
  process.exit = (code?: number | string | null) => {
    const status = Number(code ?? process.exitCode ?? 0);
    send({ type: 'exiting', cell: currentCell()?.number, code: status });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, EXIT_MILLISECONDS);
    return endProcess(status);
  };
}

/** Errors outside of what a cell waits for are shown, and the kernel lives on. */
export function installLastResort(): void {
  const report = (what: string) => (error: unknown) => {
    process.stderr.write(`${what}: ${util.inspect(error)}\n`);
  };
  process.on('uncaughtException', report('Uncaught exception'));
  process.on('unhandledRejection', report('Unhandled rejection'));
}
