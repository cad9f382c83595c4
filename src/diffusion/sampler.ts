/** Drawing images from a denoiser: EDM's deterministic sampler, Heun's method on the probability-flow ODE. */
import { compile } from '../engine/compile';
import { deriveSeed, randomNormal } from '../engine/random';
import { tf } from '../engine/tensorflow';
import { toValue } from '../engine/tensors';
import type { NamedValues, TensorValue } from '../engine/values';
import { float32, float32Scalar } from '../engine/values';
import type { Variables } from '../engine/variables';
import type { Denoiser } from './denoiser';
import { requirePositiveInteger, requireSigma } from './denoiser';

/** Options of the sampling schedule. */
export interface SigmaScheduleOptions {
  /** Number of steps. Default 18. */
  steps?: number;
  /** The last noise level above 0. Default 0.002. */
  sigmaMin?: number;
  /** The first noise level. Default 80. */
  sigmaMax?: number;
  /** How much the steps crowd towards low noise; 1 spaces them evenly. Default 7. */
  rho?: number;
}

/**
 * Noise levels from sigmaMax down to sigmaMin, and a final 0 (EDM eq. 5):
 * sigma_i = (sigmaMax^(1/rho) + i / (steps - 1) (sigmaMin^(1/rho) - sigmaMax^(1/rho)))^rho.
 * @throws RangeError on a noise level that is not positive, an empty range, fewer than 2 steps, or rho below 1.
 */
export function sigmaSchedule(options: SigmaScheduleOptions = {}): number[] {
  const { steps = 18, sigmaMin = 0.002, sigmaMax = 80, rho = 7 } = options;
  if (!Number.isInteger(steps) || steps < 2)
    throw new RangeError(`Sampling takes at least 2 steps, not ${steps}.`);
  if (!(requireSigma(sigmaMin) < requireSigma(sigmaMax))) {
    throw new RangeError(
      `Sampling goes from sigmaMax down to sigmaMin, but ${sigmaMax} is not above ${sigmaMin}.`,
    );
  }
  if (!(rho >= 1 && Number.isFinite(rho))) throw new RangeError(`rho is a number of at least 1, not ${rho}.`);
  const top = sigmaMax ** (1 / rho);
  const bottom = sigmaMin ** (1 / rho);
  const levels = Array.from({ length: steps }, (_, i) => (top + (i / (steps - 1)) * (bottom - top)) ** rho);
  return [...levels, 0];
}

/** D(x, sigma) for images [B, H, W, C] that share one noise level. */
export type DenoiseAtLevel = (x: tf.Tensor4D, sigma: tf.Scalar) => tf.Tensor4D;

/**
 * One step of Heun's method from noise level sigma to sigmaNext, both above 0 (EDM algorithm 1, lines 4-8).
 * The last step, to level 0, is Euler's: x + (0 - sigma) (x - D) / sigma, which is D(x, sigma) itself.
 */
export function heunStep(
  denoise: DenoiseAtLevel,
  x: tf.Tensor4D,
  sigma: tf.Scalar,
  sigmaNext: tf.Scalar,
): tf.Tensor4D {
  const slope = (at: tf.Tensor4D, level: tf.Scalar): tf.Tensor4D => at.sub(denoise(at, level)).div(level);
  const change = sigmaNext.sub(sigma);
  const first = slope(x, sigma); // dx/dsigma, [B, H, W, C]
  const second = slope(x.add(first.mul(change)), sigmaNext);
  return x.add(first.add(second).mul(change).mul(0.5));
}

/** What a sampler is made for. */
export interface HeunSamplerOptions {
  readonly denoiser: Denoiser;
  /** Variables that hold the denoiser's parameters under their names; they decide whether sampling is compiled. */
  readonly variables: Variables;
}

/** What to draw, and how. */
export interface SampleRequest {
  /** Number of images. */
  readonly count: number;
  /** Images computed at once, at most. Default 256. */
  readonly batchSize?: number;
  readonly seed: number;
  /** Default: 18 steps from 80 to 0.002 with rho 7. */
  readonly schedule?: SigmaScheduleOptions;
  /** Called after every step of every batch with the share of the work that is done, 0 to 1. */
  readonly onStep?: (share: number) => void;
  /** Stops between steps. */
  readonly signal?: AbortSignal;
}

/** What to draw from which denoiser, and how. */
export interface SampleHeunOptions extends HeunSamplerOptions, SampleRequest {}

/** Draws images [count, H, W, C] from pure noise. */
export type Sampler = (request: SampleRequest) => Promise<TensorValue>;

/**
 * `count` images from pure noise [count, H, W, C], not clipped. Image i depends on the seed and i only, whatever the batch size
 * (up to rounding). All in float32, where EDM's own code steps in float64. See {@link heunSampler} to draw more than once.
 * @throws RangeError on a count or batch size that is not a positive integer or an impossible schedule; the signal's reason when aborted.
 */
export async function sampleHeun(options: SampleHeunOptions): Promise<TensorValue> {
  return heunSampler(options)(options);
}

/** A sampler that is recorded once for all seeds, schedules and weights that the variables take; draws as {@link sampleHeun}. */
export function heunSampler({ denoiser, variables }: HeunSamplerOptions): Sampler {
  const steps = compileSteps(denoiser, variables);
  return request => draw(denoiser, steps, request);
}

async function draw(
  denoiser: Denoiser,
  { step, last }: ReturnType<typeof compileSteps>,
  { count, batchSize = 256, seed, schedule, onStep, signal }: SampleRequest,
): Promise<TensorValue> {
  requirePositiveInteger(count, 'The number of images');
  requirePositiveInteger(batchSize, 'The batch size');
  const sigmas = sigmaSchedule(schedule);
  const shape = denoiser.network.imageShape;
  const pixels = shape[0] * shape[1] * shape[2];
  const images = startingNoise(count, shape, sigmas[0], seed);
  const batches = Math.ceil(count / batchSize);
  const size = Math.ceil(count / batches); // even batches: the last is filled up, and all have one shape

  for (let batch = 0; batch < batches; batch++) {
    const start = batch * size * pixels;
    let x = filledUp(images.subarray(start, start + size * pixels), [size, ...shape]);
    for (let i = 0; i + 1 < sigmas.length; i++) {
      signal?.throwIfAborted();
      const levels = { sigma: float32Scalar(sigmas[i]), sigmaNext: float32Scalar(sigmas[i + 1]) };
      const inputs: NamedValues = sigmas[i + 1] > 0 ? { x, ...levels } : { x, sigma: levels.sigma };
      ({ x } = await (sigmas[i + 1] > 0 ? step : last)(inputs));
      onStep?.((batch + (i + 1) / (sigmas.length - 1)) / batches);
    }
    images.set((x.values as Float32Array).subarray(0, images.length - start), start);
  }
  return float32(images, [count, ...shape]);
}

function compileSteps(denoiser: Denoiser, variables: Variables) {
  const denoise: DenoiseAtLevel = (x, sigma) =>
    denoiser.denoise(variables.tensors, x, tf.fill([x.shape[0]], 1).mul(sigma)).denoised;
  const images = (x: tf.Tensor) => x as tf.Tensor4D;
  return {
    step: compile(
      ({ x, sigma, sigmaNext }) => ({
        x: heunStep(denoise, images(x), sigma as tf.Scalar, sigmaNext as tf.Scalar),
      }),
      { variables },
    ),
    last: compile(({ x, sigma }) => ({ x: denoise(images(x), sigma as tf.Scalar) }), { variables }),
  };
}

/** Noise of the first level for all images. */
function startingNoise(count: number, shape: readonly number[], sigma: number, seed: number): Float32Array {
  const stream = deriveSeed(seed, 'sampling');
  const noise = tf.tidy(() => randomNormal([count, ...shape], stream, 0).mul(sigma));
  const { values } = toValue(noise);
  noise.dispose();
  return values as Float32Array;
}

/** The values as a tensor value of the given shape, zeros where there are too few. */
function filledUp(values: Float32Array, shape: readonly number[]): TensorValue {
  const filled = new Float32Array(shape.reduce((a, b) => a * b, 1));
  filled.set(values);
  return float32(filled, shape);
}
