/** Diffusion models that were trained with diffusers (https://github.com/huggingface/diffusers), as denoisers. */
import { createDenoiser, type Denoiser } from '../../diffusion/denoiser';
import type { NamedValues } from '../../engine/values';
import { findFiles, readSettings } from './folder';
import { schedulePreconditioning } from './preconditioning';
import { type DiffusersSchedule, readSchedule } from './schedule';
import { createUNet2D } from './unet';
import { readUNetConfig } from './unet-config';
import { loadUNetWeights } from './weights';

/** A model from a folder of diffusers. */
export interface DiffusersModel {
  readonly denoiser: Denoiser;
  /** The denoiser's parameters; 16-bit weights as float32. */
  readonly weights: NamedValues;
  /** The noise level of each timestep, increasing. Below the first and above the last the network is told those. */
  readonly sigmas: readonly number[];
}

/** What a folder does not say. */
export interface LoadDiffusersOptions {
  /** For a network without a scheduler_config.json: what would stand in it, such as { _class_name: 'DDPMScheduler' }. */
  readonly scheduler?: Readonly<Record<string, unknown>>;
}

/**
 * A UNet2DModel that diffusers' `save_pretrained` wrote, with the noise schedule it was trained with: the folder of a pipeline
 * (`unet/` and `scheduler/` in it, or all in one) or of the network, with scheduler_config.json in it or in `scheduler/` beside it.
 *
 * Images are float32 [N, H, W, C] in [-1, 1], as in training. The schedule's x_t = sqrt(abar) (x_0 + sigma noise) gives each timestep
 * its sigma = sqrt((1 - abar) / abar); between timesteps they are interpolated in ln sigma. D(x, sigma) is not clipped. Layers are
 * named as diffusers names its modules: `conv_in`, `down_blocks.0.resnets.1`, `mid_block.attentions.0`, `up_blocks.1.resnets.0`, ...
 *
 * @example
 * const { denoiser, weights } = await loadDiffusers('ddpm-cifar10-32');
 * const variables = createVariables(weights);
 *
 * @throws Error naming the file that is missing or damaged, RangeError naming the option that is not supported, with what is
 */
export async function loadDiffusers(
  folder: string,
  { scheduler }: LoadDiffusersOptions = {},
): Promise<DiffusersModel> {
  const files = findFiles(folder);
  const network = createUNet2D(readUNetConfig(await readSettings(files.network), files.network));
  const schedule = await scheduleOf(folder, files.scheduler, scheduler);
  const weights = await loadUNetWeights(files.weights, network);
  return {
    denoiser: createDenoiser(network, schedulePreconditioning(schedule)),
    weights,
    sigmas: schedule.sigmas,
  };
}

async function scheduleOf(
  folder: string,
  file: string | undefined,
  given: LoadDiffusersOptions['scheduler'],
): Promise<DiffusersSchedule> {
  if (given) return readSchedule(given, 'The given scheduler');
  if (file) return readSchedule(await readSettings(file), file);
  throw new Error(
    `${folder} holds no scheduler_config.json, which says what noise the network was trained with. Add it in Python: DDPMScheduler(...).save_pretrained(folder), with the settings of the training.`,
  );
}
