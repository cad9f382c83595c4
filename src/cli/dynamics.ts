/** `unimodal dynamics`: one model, measured at several moments of its training. */
import path from 'node:path';
import type { Command } from 'commander';
import type { GridConfig } from '../experiments/config';
import { resolvePreset } from '../experiments/presets';
import type { ModelDynamics } from '../experiments/run-dynamics';
import type { Changes } from '../experiments/settings';
import { showStages } from '../experiments/stage-progress';
import { interruptible } from './shared/interrupt';
import { library } from './shared/library';
import { addRuns, rootOf } from './shared/model';
import { addExamples, addJson, type OutputFlags, printResult, textTable } from './shared/output';
import { addPreset, addSettings, parseSettings, type SettingFlags } from './shared/settings';
import { count, seed } from './shared/values';

interface DynamicsFlags extends SettingFlags, OutputFlags {
  readonly runs?: string;
  readonly size?: number;
  readonly seed: number;
}

export function addDynamicsCommand(program: Command): void {
  const command = program
    .command('dynamics')
    .description(
      'trains a model and measures it at the steps of training.keep and at the end; goes on where it was',
    )
    .option('--size <n>', 'number of training images (default: the whole pool)', count)
    .option('--seed <s>', 'determines split, initial weights, batches and noise', seed, 0)
    .action(printDynamics);
  addJson(addRuns(addSettings(addPreset(command), 'training.keep=100,300,1000')));
  addExamples(command, [
    'dynamics --size 64 --set training.keep=100,300,1000',
    'dynamics --size 128 --seed 1 --json',
  ]);
}

async function printDynamics(flags: DynamicsFlags): Promise<void> {
  const changes = parseSettings(flags.set) as Changes<GridConfig>;
  const { data, network, diffusion, training, probe, sampling } = resolvePreset(flags.preset, changes);
  const cell = {
    config: { data, network, diffusion, training, probe, sampling },
    trainingSize: flags.size ?? data.pool,
    seed: flags.seed,
    root: path.resolve(rootOf(flags)),
    fresh: false,
  };
  const bars = showStages({ training: training.steps });
  const { runDynamics } = library();
  const model = await interruptible(signal =>
    runDynamics(cell, { signal, onProgress: bars.onProgress }),
  ).finally(() => bars.finish());
  const rows = rowsOf(model);
  const title = `N = ${model.trainingSize}, seed ${model.seed}, layer ${probe.layer}`;
  printResult(
    flags,
    { trainingSize: model.trainingSize, seed: model.seed, points: rows },
    `${title}\n\n${tableOf(rows)}`,
  );
}

/** A line a moment. */
function rowsOf({ points, batchSize }: ModelDynamics) {
  const { accuracies } = library();
  return points.map(({ step, curve, icr, stableRank, loss, score }) => ({
    step,
    imagesSeen: step * batchSize,
    accuracy: accuracies(curve),
    lowestIcr: Math.min(...icr.values),
    stableRank,
    loss,
    novelByRatio: score.novelByRatio,
  }));
}

function tableOf(rows: ReturnType<typeof rowsOf>): string {
  const headers = [
    'step',
    'images seen',
    'accuracy from low to high noise, %',
    'ICR',
    'stable rank',
    'loss',
    'held out',
    'new',
  ];
  return textTable(
    headers,
    rows.map(({ step, imagesSeen, accuracy, lowestIcr, stableRank, loss, novelByRatio }) => [
      String(step),
      String(imagesSeen),
      accuracy.map(value => value.toFixed(1)).join(' '),
      lowestIcr.toFixed(4),
      stableRank.toFixed(3),
      loss.train.toFixed(4),
      loss.heldOut.toFixed(4),
      novelByRatio.toFixed(3),
    ]),
  );
}
