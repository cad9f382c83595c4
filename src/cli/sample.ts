/** `unimodal sample`: images from pure noise. */
import path from 'node:path';
import type { Command } from 'commander';
import type { TensorValue } from '../engine/values';
import { writeFileAtomically } from '../store/atomic';
import { writeNpy } from '../store/npy';
import { requireOutput } from './shared/images';
import { library } from './shared/library';
import { addMeasureSettings, addModel, type ModelFlags, withModel } from './shared/model';
import { addExamples, addJson, type OutputFlags, printResult } from './shared/output';
import { count, seed } from './shared/values';

interface SampleFlags extends ModelFlags, OutputFlags {
  readonly count?: number;
  readonly out: string;
}

export function addSampleCommand(program: Command): void {
  const command = program
    .command('sample')
    .description('draws images from pure noise')
    .option('--count <n>', 'number of images (default: as many as the score uses, sampling.count)', count)
    .option(
      '--seed <s>',
      "determines the noise (default: the run's seed: the images that the score uses)",
      seed,
    )
    .requiredOption(
      '--out <file>',
      '.npy for float32 [N, H, W, C], not clipped to [-1, 1]; .png for a picture of all',
    )
    .action(sample);
  addJson(addMeasureSettings(addModel(command), 'sampling.steps=32'));
  addExamples(command, [
    'sample --model digits-64-seed0 --count 16 --out x.npy',
    'sample --model digits-64-seed0 --count 25 --seed 7 --out samples.png',
    'sample --model notebooks/models/ddpm-digits --count 25 --out samples.png',
  ]);
}

async function sample(flags: SampleFlags): Promise<void> {
  const { out } = flags;
  await requireOutput(out, ['.npy', '.png']);
  const { drawSamples } = library();
  const set = [...(flags.set ?? []), ...(flags.count ? [`sampling.count=${flags.count}`] : [])];
  const { samples, seed } = await withModel({ ...flags, set }, async ({ measured, settings }) => ({
    samples: await drawSamples(measured, settings.sampling),
    seed: measured.seed,
  }));
  await save(out, samples);
  const { shape } = samples;
  printResult(
    flags,
    { out, shape, seed },
    `${out}: ${shape[0]} images of ${shape.slice(1).join(' x ')}, seed ${seed}`,
  );
}

async function save(file: string, images: TensorValue): Promise<void> {
  const { imageGrid } = library();
  if (path.extname(file).toLowerCase() === '.png') await writeFileAtomically(file, imageGrid(images));
  else await writeNpy(file, images);
}
