/** `unimodal denoise`: the denoiser D(x, sigma) on images of a NumPy file. */
import type { Command } from 'commander';
import { writeNpy } from '../store/npy';
import { addImages, readImages, requireOutput } from './shared/images';
import { library } from './shared/library';
import { addModel, type ModelFlags, withModel } from './shared/model';
import { addExamples, addJson, type OutputFlags, printResult } from './shared/output';
import { number } from './shared/values';

interface DenoiseFlags extends ModelFlags, OutputFlags {
  readonly images: string;
  readonly sigma: number;
  readonly out: string;
}

export function addDenoiseCommand(program: Command): void {
  const command = program
    .command('denoise')
    .description('D(x, sigma): estimates the clean images behind noisy ones')
    .action(denoise);
  addImages(command, 'noisy images x_t as they are')
    .requiredOption('--sigma <s>', 'their noise level', number)
    .requiredOption('--out <file>', 'NumPy file for the result, of the same shape');
  addJson(addModel(command));
  addExamples(command, [
    'sample --model digits-64-seed0 --count 16 --out x.npy',
    'denoise --model digits-64-seed0 --images x.npy --sigma 0.3 --out y.npy',
    'denoise --model notebooks/models/ddpm-digits --images x.npy --sigma 0.3 --out y.npy',
  ]);
}

async function denoise(flags: DenoiseFlags): Promise<void> {
  const { images: file, sigma, out } = flags;
  await requireOutput(out, ['.npy']);
  const images = await readImages(file);
  const { denoiseImages } = library();
  const denoised = await withModel(flags, async ({ measured }) => {
    const { denoiser, signal } = measured;
    return denoiseImages({ denoiser, variables: await measured.variables(), images, sigma, signal });
  });
  await writeNpy(out, denoised);
  const { shape } = denoised;
  printResult(
    flags,
    { out, shape, sigma },
    `${out}: float32 [${shape.join(', ')}], denoised at sigma ${sigma}`,
  );
}
