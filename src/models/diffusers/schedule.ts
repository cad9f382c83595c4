/** The noise schedule of a diffusers scheduler: a chain of timesteps, each with its noise level. */
import { tf } from '../../engine/tensorflow';
import type { Settings } from './folder';
import { count, listOf, number, oneOf, orNull, readOptions, required } from './options';

/** What the network was trained to predict. */
export type Prediction = 'epsilon' | 'v_prediction' | 'sample';

/** A schedule. */
export interface DiffusersSchedule {
  /** sigma of the timesteps 0, 1, ...: x_t = sqrt(abar) (x_0 + sigma noise), sigma = sqrt((1 - abar) / abar). Increasing. */
  readonly sigmas: readonly number[];
  readonly prediction: Prediction;
}

/** Those that only sample differently; others have noise of another kind. */
const schedulers = [
  'DDPMScheduler',
  'DDIMScheduler',
  'PNDMScheduler',
  'DPMSolverMultistepScheduler',
  'DPMSolverSinglestepScheduler',
  'DEISMultistepScheduler',
  'UniPCMultistepScheduler',
  'EulerDiscreteScheduler',
  'EulerAncestralDiscreteScheduler',
  'HeunDiscreteScheduler',
  'LMSDiscreteScheduler',
] as const;

const beta = (fallback: number) =>
  number(fallback, value => value > 0 && value < 1, 'a number between 0 and 1');
/** What determines the noise; the rest of a scheduler's options say how to sample. */
const options = {
  _class_name: required(oneOf(...schedulers)),
  num_train_timesteps: count(1000, 2),
  beta_start: beta(1e-4),
  beta_end: beta(0.02),
  beta_schedule: oneOf('linear', 'scaled_linear', 'squaredcos_cap_v2'),
  trained_betas: orNull(listOf(beta(0.5), [])),
  prediction_type: oneOf('epsilon', 'v_prediction', 'sample'),
  rescale_betas_zero_snr: oneOf(false),
  timestep_type: oneOf('discrete'),
};

/**
 * The schedule in the settings of a scheduler_config.json.
 * @param file names it in errors
 * @throws RangeError naming an option that is not supported, with what is
 */
export function readSchedule(settings: Settings, file: string): DiffusersSchedule {
  const given = readOptions(settings, options, file);
  return { sigmas: sigmasOf(given.trained_betas ?? betasOf(given)), prediction: given.prediction_type };
}

interface BetaOptions {
  readonly num_train_timesteps: number;
  readonly beta_start: number;
  readonly beta_end: number;
  readonly beta_schedule: 'linear' | 'scaled_linear' | 'squaredcos_cap_v2';
}

/** The variance that each step adds. */
function betasOf(given: BetaOptions): number[] {
  const { num_train_timesteps: steps, beta_start: start, beta_end: end } = given;
  const between = (from: number, to: number) =>
    Array.from({ length: steps }, (_, i) => from + (i / (steps - 1)) * (to - from));
  switch (given.beta_schedule) {
    case 'linear':
      return between(start, end);
    case 'scaled_linear':
      return between(Math.sqrt(start), Math.sqrt(end)).map(root => root ** 2);
    case 'squaredcos_cap_v2':
      return cosineBetas(steps);
  }
}

/** Nichol and Dhariwal (2021), eq. 17: abar(t) = cos((t + 0.008) / 1.008 pi / 2)^2 for t in [0, 1], each beta at most 0.999. */
function cosineBetas(steps: number): number[] {
  const remaining = (i: number) => Math.cos(((i / steps + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
  return Array.from({ length: steps }, (_, i) => Math.min(1 - remaining(i + 1) / remaining(i), 0.999));
}

function sigmasOf(betas: readonly number[]): number[] {
  let remaining = 1; // abar, the share of the image's variance
  return betas.map(beta => {
    remaining *= 1 - beta;
    return Math.sqrt((1 - remaining) / remaining);
  });
}

/**
 * The timestep of noise levels [B], linear in ln sigma between whole ones; the first or last one beyond them.
 * @returns [B]: the sum over all pairs of neighbours of the part, 0 to 1, of the way between them that lies below ln sigma
 */
export function timestepOf(sigmas: readonly number[], sigma: tf.Tensor1D): tf.Tensor1D {
  const levels = sigmas.map(Math.log);
  const starts = tf.tensor1d(levels.slice(0, -1));
  const lengths = tf.tensor1d(levels.slice(1).map((level, i) => level - levels[i]));
  const passed = sigma.log().expandDims(1).sub(starts).div(lengths); // [B, T - 1]
  return passed.clipByValue(0, 1).sum(1);
}
