/** The program that a worker process runs: computes the cells that it is sent with the module named on its command line. */
import type { FromWorker, ToWorker } from './worker-messages';
import type { RunCell } from './workers';

const abortion = new AbortController();
/** The cell in progress. */
let running: Promise<void> | undefined;

process.on('message', (message: ToWorker) => {
  if (message.kind === 'abort') abortion.abort();
  else running = compute(message.cell);
});
// Control-C reaches every process of the terminal: the one that started this worker decides what happens to it.
process.on('SIGINT', () => undefined);
// A job scheduler sends this one to every process of a job before it ends the job.
process.on('SIGTERM', () => abortion.abort());
// It has no more cells, or it is gone: save and end.
process.on('disconnect', () => {
  abortion.abort();
  setTimeout(() => process.exit(1), 15_000).unref();
  void Promise.resolve(running).then(() => process.exit(0));
});

async function compute(cell: unknown): Promise<void> {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- known at run time only
    const { runCell } = require(process.argv[2]) as { runCell: RunCell<unknown, unknown, unknown> };
    const onProgress = (progress: unknown) => tell({ kind: 'progress', progress });
    tell({ kind: 'result', result: await runCell(cell, { onProgress, signal: abortion.signal }) });
  } catch (thrown) {
    const { name, message, stack } = thrown instanceof Error ? thrown : new Error(String(thrown));
    tell({ kind: 'error', name, message, stack });
  }
}

function tell(message: FromWorker): void {
  // Without a listener a failed send would end the process before it has saved its work.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
