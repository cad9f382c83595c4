/** The training loop. */
import { setImmediate } from 'node:timers/promises';
import type { Dataset } from '../data/dataset';
import { residentImages } from '../data/pixels';
import type { Denoiser } from '../diffusion/denoiser';
import { initializeParameters } from '../diffusion/network';
import type { NoiseDistribution } from '../diffusion/noise';
import { compile } from '../engine/compile';
import { deriveSeed } from '../engine/random';
import { createVariables, type Variables } from '../engine/variables';
import { appendMetric, rewindMetrics } from '../store/metrics';
import type { Run, Weights } from '../store/run';
import { requireTrainingConfig, type TrainingConfig } from './config';
import { createMeter, loggingInterval, type LossPoint, lossPoints, type TrainingProgress } from './progress';
import { initialState, loadCheckpoint, saveCheckpoint, type TrainingState, weightsOf } from './state';
import { createTrainingStep, imagesName, stepInputs } from './step';

/** What to train, on what, and how. */
export interface TrainOptions {
  readonly denoiser: Denoiser;
  /** Distribution of the noise levels. */
  readonly noise: NoiseDistribution;
  /** The training set, all of it. */
  readonly dataset: Dataset;
  readonly config: TrainingConfig;
  /** Determines initial weights, batches and noise. */
  readonly seed: number;
  /** Where checkpoints and the log go, and where an interrupted training is resumed from; default: nothing is kept. */
  readonly run?: Run;
  /** Seconds between checkpoints; default 30. */
  readonly checkpointEvery?: number;
  readonly onProgress?: (progress: TrainingProgress) => void;
  /** Stops between two steps; with a run, after saving a checkpoint. */
  readonly signal?: AbortSignal;
  /** false: run eagerly, much slower. Default true. */
  readonly compile?: boolean;
  /** Threads of TensorFlow; default: its own choice. With 1, results repeat bit for bit. */
  readonly threads?: number;
}

/** Trained weights, and how the training went. */
export interface Trained extends Weights {
  readonly losses: readonly LossPoint[];
}

/** Thrown when the loss is no longer a number. */
export class DivergedError extends Error {}

/**
 * Trains a denoiser: Adam on the denoising loss with batches drawn with replacement, and the weights' moving average.
 * With a run, continues from its last checkpoint, exactly as if it had never stopped.
 * @returns the weights; what is measured is usually their `average`.
 * @throws RangeError for impossible settings, before any work; DivergedError when the loss is not finite; an AbortError
 * when `signal` stops it.
 */
export async function train(options: TrainOptions): Promise<Trained> {
  requireTrainingConfig(options.config);
  requireImages(options);
  const start = await startingState(options);
  const variables = createVariables(
    { ...start.values, [imagesName]: residentImages(options.dataset) },
    { compile: options.compile, threads: options.threads },
  );
  try {
    const end = await runSteps(options, start, variables);
    return {
      ...weightsOf(end, options.denoiser.network.parameters),
      losses: lossPoints(end.losses, options.config.steps),
    };
  } finally {
    variables.dispose();
  }
}

function requireImages({ denoiser, dataset }: TrainOptions): void {
  const expected = denoiser.network.imageShape.join(' x ');
  const given = dataset.imageShape.join(' x ');
  if (given !== expected) {
    throw new RangeError(`The network takes images of ${expected}, those of ${dataset.name} are ${given}.`);
  }
}

/** The last checkpoint's state, or a new one; saved at once, so that a full disk shows before the work and not after it. */
async function startingState({ denoiser, seed, run }: TrainOptions): Promise<TrainingState> {
  const saved = run && (await loadCheckpoint(run));
  const { network } = denoiser;
  const state =
    saved ?? initialState(initializeParameters(network, deriveSeed(seed, 'weights')), network.parameters);
  if (run) {
    await rewindMetrics(run, state.step);
    await saveCheckpoint(run, state);
  }
  return state;
}

async function runSteps(
  options: TrainOptions,
  start: TrainingState,
  variables: Variables,
): Promise<TrainingState> {
  const { config, run, signal, onProgress, checkpointEvery = 30 } = options;
  const trainingStep = createTrainingStep({ ...options, tensors: variables.tensors });
  const step = compile(trainingStep, { variables, example: stepInputs(0, config) });
  const losses = [...start.losses];
  const state = () => readState(variables, losses);
  const meter = createMeter(config, start.step);
  const checkpointDue = every(checkpointEvery);
  const breathDue = every(0.05);

  while (losses.length < config.steps) {
    if (signal?.aborted) throw await interrupted(options, await state());
    const { loss } = await step(stepInputs(losses.length, config));
    losses.push(requireFinite(loss.values[0], losses.length, config));
    if (run && losses.length % loggingInterval(config.steps) === 0) {
      await appendMetric(run, meter.metric(losses));
    }
    if (run && checkpointDue()) await saveCheckpoint(run, await state());
    if (breathDue()) {
      onProgress?.(meter.measure(losses));
      await setImmediate(); // an eager step never lets timers, messages and interrupts through
    }
  }
  onProgress?.(meter.measure(losses));
  return state();
}

async function readState(variables: Variables, losses: readonly number[]): Promise<TrainingState> {
  const names = Object.keys(variables.tensors).filter(name => name !== imagesName);
  return { step: losses.length, losses, values: await variables.read(names) };
}

/** A function that says, each time it is asked, whether so many seconds have passed since it last said yes. */
function every(seconds: number): () => boolean {
  let last = performance.now();
  return () => {
    if (performance.now() - last < seconds * 1000) return false;
    last = performance.now();
    return true;
  };
}

function requireFinite(loss: number, step: number, { learningRate, warmUpSteps }: TrainingConfig): number {
  if (Number.isFinite(loss)) return loss;
  throw new DivergedError(
    `The loss became ${loss} at step ${step + 1}. Try a lower learning rate (now ${learningRate}), a longer warm-up (now ${warmUpSteps} steps), and check that the images lie in [-1, 1].`,
  );
}

async function interrupted({ run, config }: TrainOptions, state: TrainingState): Promise<Error> {
  if (run) await saveCheckpoint(run, state);
  const kept = run ? 'saved: run it again to go on from there' : 'not kept, since no run folder was given';
  const message = `Training was interrupted after step ${state.step} of ${config.steps}; its state was ${kept}.`;
  return new DOMException(message, 'AbortError');
}
