/** `unimodal train`: one model in a run of its own. */
import path from 'node:path';
import type { Command } from 'commander';
import { showStages } from '../experiments/stage-progress';
import { addCell, type CellFlags, cellOf, checkedImages } from './shared/cell';
import { interruptible } from './shared/interrupt';
import { library } from './shared/library';
import { addExamples, addJson, type OutputFlags, printResult, say } from './shared/output';
import { count } from './shared/values';

interface TrainFlags extends CellFlags, OutputFlags {
  readonly threads?: number;
  readonly fresh?: boolean;
}

export function addTrainCommand(program: Command): void {
  const command = program
    .command('train')
    .description('trains a model in a run of its own; goes on where an interrupted training was')
    .action(trainOne);
  addCell(command, 'training.steps=500')
    .option(
      '--threads <n>',
      'threads to compute with (default: one for each core); with 1, bit for bit repeatable',
      count,
    )
    .option('--fresh', 'train anew what is trained already');
  addJson(command);
  addExamples(command, [
    'train --size 64',
    'train --preset digits --size 128 --seed 1 --set training.steps=500 --set training.keep=100,200',
  ]);
}

async function trainOne(flags: TrainFlags): Promise<void> {
  const cell = cellOf(flags, flags.fresh);
  const { steps } = cell.config.training;
  const bars = showStages({ training: steps });
  const { onProgress } = bars;
  const { run, losses } = await interruptible(async signal => {
    const images = await checkedImages(cell, signal);
    return library().trainModel(cell, {
      images,
      threads: flags.threads,
      signal,
      onProgress,
      onNotice: say,
    });
  }).finally(() => bars.finish());
  const { name, key, folder } = run;
  const loss = losses.at(-1)?.loss;
  printResult(
    flags,
    { name, key, folder, steps, loss },
    `${name}: ${steps} steps, loss ${loss?.toFixed(4)}, in ${folder}\nnext: npx unimodal curve --model ${path.basename(folder)}`,
  );
}
