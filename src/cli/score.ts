/** `unimodal score`: whether a model generates new images or copies of its training images. */
import type { Command } from 'commander';
import type { GeneralizationScore } from '../generation/score';
import { library } from './shared/library';
import { addMeasureSettings, addModel, imagesFor, type ModelFlags, withModel } from './shared/model';
import { addExamples, addJson, type OutputFlags, printResult } from './shared/output';
import { count } from './shared/values';

interface ScoreFlags extends ModelFlags, OutputFlags {
  readonly size?: number;
}

export function addScoreCommand(program: Command): void {
  const command = program
    .command('score')
    .description('the generalization score: the share of generated images that are no copies')
    .option('--size <n>', "number of training images to compare with (default: the run's)", count)
    .action(printScore);
  addJson(addMeasureSettings(addModel(command), 'sampling.count=1000'));
  addExamples(command, [
    'score --model digits-64-seed0',
    'score --model digits-64-seed0 --set sampling.count=100 --json',
  ]);
}

async function printScore(flags: ScoreFlags): Promise<void> {
  const { scoreSamples } = library();
  const { model, size, score } = await withModel(flags, async command => {
    const { opened, measured, settings } = command;
    const size = flags.size ?? opened.experiment?.trainingSize;
    if (size === undefined) {
      throw new Error(
        '--size: give the number of images that the model was trained on, the first of the pool.',
      );
    }
    const parts = await imagesFor(command, size);
    return { model: opened.name, size, score: await scoreSamples(measured, settings.sampling, parts) };
  });
  printResult(flags, jsonOf(model, size, score), textOf(model, size, score));
}

function jsonOf(model: string, trainingSize: number, score: GeneralizationScore): object {
  const { sampleCount, novelByRatio, novelByCosine, medianCosine, ratioThreshold, cosineThreshold } = score;
  return {
    model,
    trainingSize,
    sampleCount,
    novelByRatio,
    novelByCosine,
    medianCosine,
    ratioThreshold,
    cosineThreshold,
  };
}

function textOf(model: string, trainingSize: number, score: GeneralizationScore): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return [
    `${model}: ${score.sampleCount} generated images against ${trainingSize} training images`,
    '',
    `new by distance  ${percent(score.novelByRatio)}  (nearest at least ${score.ratioThreshold.toFixed(2)} times as far as the second nearest)`,
    `new by cosine    ${percent(score.novelByCosine)}  (largest cosine at most ${score.cosineThreshold}; median ${score.medianCosine.toFixed(3)})`,
  ].join('\n');
}
