/** `unimodal features`: a layer's activation for images of a NumPy file. */
import { type Command, Option } from 'commander';
import type { Pooling } from '../representation/pooling';
import { writeNpy } from '../store/npy';
import { addImages, readImages, requireOutput } from './shared/images';
import { library } from './shared/library';
import { addModel, type ModelFlags, withModel } from './shared/model';
import { addExamples, addJson, type OutputFlags, printResult } from './shared/output';
import { number, seed } from './shared/values';

interface FeaturesFlags extends ModelFlags, OutputFlags {
  readonly images: string;
  readonly sigma: number;
  readonly layer: string;
  readonly pool: Pooling;
  readonly clean?: boolean;
  readonly seed: number;
  readonly out: string;
}

export function addFeaturesCommand(program: Command): void {
  const command = program
    .command('features')
    .description('the activation of a layer for images at a noise level, a row an image')
    .action(extractFeatures);
  addImages(command, 'clean images; noise is added to them')
    .requiredOption('--sigma <s>', 'noise level', number)
    .requiredOption('--layer <name>', 'name of the activation; a wrong one is answered with the list')
    .addOption(
      new Option(
        '--pool <how>',
        'mean over the image, over its quarters (2x2), or every number in the order H W C',
      )
        .choices(['none', 'mean', '2x2'])
        .default('mean'),
    )
    .option('--clean', 'show the network the images as they are, and tell it the noise level')
    .option('--seed <s>', 'seed of the noise', seed, 0)
    .requiredOption('--out <file>', 'NumPy file for the features, float32 [N, F]');
  addJson(addModel(command));
  addExamples(command, [
    'sample --model digits-64-seed0 --count 16 --out x.npy',
    'features --model digits-64-seed0 --images x.npy --sigma 0.15 --layer 8x8_up --out f.npy',
    'features --model digits-64-seed0 --images x.npy --sigma 0.15 --layer 8x8_up --pool none --clean --out f.npy',
    'features --model notebooks/models/ddpm-digits --images x.npy --sigma 0.15 --layer up_blocks.1.resnets.0 --out f.npy',
  ]);
}

async function extractFeatures(flags: FeaturesFlags): Promise<void> {
  const { layer, sigma, pool: pooling, clean, seed, out } = flags;
  await requireOutput(out, ['.npy']);
  const images = await readImages(flags.images);
  const { features } = library();
  const input = clean ? 'clean' : 'noisy';
  const { [layer]: values } = await withModel(flags, async ({ measured }) => {
    const { denoiser, signal } = measured;
    const variables = await measured.variables();
    return features({ denoiser, variables, images, layers: [layer], sigma, pooling, input, seed, signal });
  });
  await writeNpy(out, values);
  const { shape } = values;
  printResult(
    flags,
    { out, shape, layer, sigma, pooling, input, seed },
    `${out}: float32 [${shape.join(', ')}], layer ${layer} of ${input} images at sigma ${sigma}, pooling ${pooling}`,
  );
}
