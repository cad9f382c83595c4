/** `unimodal train`: one model in a run of its own. */
import path from 'node:path';
import type { Command } from 'commander';
import type { GridConfig } from '../experiments/config';
import { resolvePreset } from '../experiments/presets';
import type { Changes } from '../experiments/settings';
import { interruptible } from './shared/interrupt';
import { library } from './shared/library';
import { addRuns, rootOf } from './shared/model';
import { addExamples, addJson, type OutputFlags, printResult, say } from './shared/output';
import { showStages } from '../experiments/stage-progress';
import { addPreset, addSettings, parseSettings, type SettingFlags } from './shared/settings';
import { count, seed } from './shared/values';

interface TrainFlags extends SettingFlags, OutputFlags {
  readonly runs?: string;
  readonly size?: number;
  readonly seed: number;
  readonly threads?: number;
  readonly fresh?: boolean;
}

export function addTrainCommand(program: Command): void {
  const command = program
    .command('train')
    .description('trains a model in a run of its own; goes on where an interrupted training was')
    .option('--size <n>', 'number of training images (default: the whole pool)', count)
    .option('--seed <s>', 'determines split, initial weights, batches and noise', seed, 0)
    .option(
      '--threads <n>',
      'threads to compute with (default: one for each core); with 1, bit for bit repeatable',
      count,
    )
    .option('--fresh', 'train anew what is trained already')
    .action(trainOne);
  addJson(addRuns(addSettings(addPreset(command), 'training.steps=500')));
  addExamples(command, [
    'train --size 64',
    'train --preset digits --size 128 --seed 1 --set training.steps=500 --set training.keep=100,200',
  ]);
}

async function trainOne(flags: TrainFlags): Promise<void> {
  const changes = parseSettings(flags.set) as Changes<GridConfig>;
  for (const name of ['sizes', 'seeds'] as const) {
    if (name in changes)
      throw new Error(`--set ${name}: one model is trained; choose it by --size and --seed.`);
  }
  const { data, network, diffusion, training, probe, sampling } = resolvePreset(flags.preset, changes);
  const cell = {
    config: { data, network, diffusion, training, probe, sampling },
    trainingSize: flags.size ?? data.pool,
    seed: flags.seed,
    root: path.resolve(rootOf(flags)),
    fresh: flags.fresh ?? false,
  };
  const { steps } = training;
  const bars = showStages({ training: steps });
  const { onProgress } = bars;
  const { loadShowing, requireConfig, trainModel } = library();
  const { run, losses } = await interruptible(async signal => {
    const images = await loadShowing(data, signal);
    requireConfig(cell.config, images, [cell.trainingSize], [cell.seed]);
    return trainModel(cell, { images, threads: flags.threads, signal, onProgress, onNotice: say });
  }).finally(() => bars.finish());
  const { name, key, folder } = run;
  const loss = losses.at(-1)?.loss;
  printResult(
    flags,
    { name, key, folder, steps, loss },
    `${name}: ${steps} steps, loss ${loss?.toFixed(4)}, in ${folder}\nnext: npx unimodal curve --model ${path.basename(folder)}`,
  );
}
