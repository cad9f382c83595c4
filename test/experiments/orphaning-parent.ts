/** Started as a process of its own by a test that kills it: leaves a worker behind, and tells its process id. */
import path from 'node:path';
import { localWorkers } from '../../src/experiments/worker-process';
import { runAll } from '../../src/experiments/workers';

void runAll([{ do: 'save when aborted', file: process.argv[2] }], {
  pool: localWorkers(path.join(__dirname, 'cells.ts')),
  workers: 1,
  onProgress: (_, progress) => process.send?.((progress as { pid: number }).pid),
});
