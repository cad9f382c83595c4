/** Started as a process of its own by the kill test: trains the tiny network in the folder given, or goes on with it. */
import { openRun } from '../../src/store/run';
import { trainRun } from '../../src/training/train-run';
import { tiny } from './tiny';

async function main(root: string, steps: number): Promise<void> {
  const config = { ...tiny.config, steps };
  const run = await openRun(config, { root, name: 'tiny', seeds: { run: tiny.seed } });
  await trainRun({
    ...tiny,
    config,
    run,
    checkpointEvery: 0.02,
    onProgress: ({ step }) => process.send?.(step),
  });
}

void main(process.argv[2], Number(process.argv[3])).then(
  () => process.disconnect(),
  (error: Error) => {
    console.error(error);
    process.exit(1);
  },
);
