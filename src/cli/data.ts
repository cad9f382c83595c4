/** `unimodal data`: what a source of images holds. */
import type { Command } from 'commander';
import type { Dataset } from '../data/dataset';
import { resolvePreset } from '../experiments/presets';
import { interruptible } from './shared/interrupt';
import { library } from './shared/library';
import { addExamples, addJson, type OutputFlags, printResult, textTable } from './shared/output';
import { addPreset, addSettings, parseSettings, type SettingFlags } from './shared/settings';

type DataFlags = SettingFlags & OutputFlags;

export function addDataCommand(program: Command): void {
  const command = program
    .command('data')
    .description('prepares a source of images, and says what it holds')
    .argument('[source]', "name or path, as the setting data.source (default: the preset's)")
    .action(describeData);
  addJson(addSettings(addPreset(command), 'data.size=[16,16]'));
  addExamples(command, ['data digits', 'data --preset digits --json']);
}

async function describeData(source: string | undefined, flags: DataFlags): Promise<void> {
  const { data } = resolvePreset(flags.preset, parseSettings(flags.set));
  const { loadShowing } = library();
  const dataset = await interruptible(signal =>
    loadShowing({ ...data, source: source ?? data.source }, signal),
  );
  const summary = summarize(dataset);
  printResult(flags, summary, textOf(summary));
}

function summarize(dataset: Dataset) {
  const { imagesOf } = library();
  const { name, count, imageShape, classNames, labels, trainCount } = dataset;
  const first = imagesOf(
    dataset,
    Array.from({ length: Math.min(count, 10_000) }, (_, i) => i),
  ).values;
  const mean = first.reduce((sum, pixel) => sum + pixel, 0) / first.length;
  const variance = first.reduce((sum, pixel) => sum + (pixel - mean) ** 2, 0) / first.length;
  const perClass = classNames.map((_, c) => labels.reduce((sum, label) => sum + Number(label === c), 0));
  return {
    name,
    count,
    imageShape,
    trainCount,
    classes: classNames.map((className, c) => ({ name: className, count: perClass[c] })),
    /** Of the pixels in [-1, 1] of the first 10,000 images. */
    pixels: { mean, deviation: Math.sqrt(variance) },
  };
}

function textOf({
  name,
  count,
  imageShape,
  trainCount,
  classes,
  pixels,
}: ReturnType<typeof summarize>): string {
  const parts =
    trainCount === undefined ? '' : `, ${trainCount} for training and ${count - trainCount} for testing`;
  return [
    `${name}: ${count} images of ${imageShape.join(' x ')}${parts}`,
    `pixels in [-1, 1]: mean ${pixels.mean.toFixed(3)}, standard deviation ${pixels.deviation.toFixed(3)} (diffusion.sigmaData)`,
    '',
    textTable(
      ['class', 'images'],
      classes.map(({ name: className, count: images }) => [className, String(images)]),
    ),
  ].join('\n');
}
