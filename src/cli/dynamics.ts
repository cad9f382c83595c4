/** `unimodal dynamics`: one model, measured at several moments of its training. */
import type { Command } from 'commander';
import type { ModelDynamics } from '../experiments/run-dynamics';
import { showStages } from '../experiments/stage-progress';
import { addCell, type CellFlags, cellOf, checkedImages } from './shared/cell';
import { interruptible } from './shared/interrupt';
import { library } from './shared/library';
import { addExamples, addJson, type OutputFlags, printResult, textTable } from './shared/output';

type DynamicsFlags = CellFlags & OutputFlags;

export function addDynamicsCommand(program: Command): void {
  const command = program
    .command('dynamics')
    .description(
      'trains a model and measures it at the steps of training.keep and at the end; goes on where it was',
    )
    .action(printDynamics);
  addJson(addCell(command, 'training.keep=100,300,1000'));
  addExamples(command, [
    'dynamics --size 64 --set training.keep=100,300,1000',
    'dynamics --size 128 --seed 1 --json',
  ]);
}

async function printDynamics(flags: DynamicsFlags): Promise<void> {
  const cell = cellOf(flags);
  const { training, probe } = cell.config;
  const bars = showStages({ training: training.steps });
  const { onProgress } = bars;
  const model = await interruptible(async signal => {
    const images = await checkedImages(cell, signal);
    return library().runDynamics(cell, { images, signal, onProgress });
  }).finally(() => bars.finish());
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
