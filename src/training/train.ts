/** The training loop. */
import { setImmediate } from 'node:timers/promises';
import type { Dataset } from '../data/dataset';
import { residentImages } from '../data/pixels';
import type { Denoiser } from '../diffusion/denoiser';
import { initializeParameters } from '../diffusion/network';
import type { NoiseDistribution } from '../diffusion/noise';
import { interruptSignal } from '../display/host';
import { deriveSeed } from '../engine/random';
import { sizeOf } from '../engine/values';
import { createVariables, type Variables, type VariablesOptions } from '../engine/variables';
import { appendMetric, rewindMetrics } from '../store/metrics';
import type { Run } from '../store/record';
import { keepWeights, type Weights } from '../store/weights';
import { compileTrainingStep, gradientName, initialGradient } from './accumulation';
import { loadCheckpoint, saveCheckpoint, type SavedTraining } from './checkpoint';
import { requireTrainingConfig, type TrainingConfig } from './config';
import { unpack } from './packing';
import { every, paced } from './pace';
import {
  createMeter,
  loggingInterval,
  type LossPoint,
  lossPoints,
  type Meter,
  type TrainingProgress,
} from './progress';
import { initialState, type TrainingState, weightsOf } from './state';
import { imagesName } from './step';

/** What to train, on what, and how; `compile`, `threads`, `xla` and `precision` are those of {@link VariablesOptions}. */
export interface TrainOptions extends VariablesOptions {
  readonly denoiser: Denoiser;
  /** Distribution of the noise levels. */
  readonly noise: NoiseDistribution;
  /** The training set, all of it. */
  readonly dataset: Dataset;
  readonly config: TrainingConfig;
  /** Train on mirror images as well: each image drawn is flipped, left to right, with probability 1/2. Default false. */
  readonly flips?: boolean;
  /** Determines initial weights, batches and noise. */
  readonly seed: number;
  /** Where checkpoints and the log go, and where an interrupted training is resumed from; default: nothing is kept. */
  readonly run?: Run;
  /** Seconds between checkpoints; default 30. Longer where a checkpoint takes more than a twentieth of that to save. */
  readonly checkpointEvery?: number;
  readonly onProgress?: (progress: TrainingProgress) => void;
  /** Called before the first step with what was found of an earlier start: "resuming at step 300 of 3000". */
  readonly onNotice?: (notice: string) => void;
  /** Called after the averaged weights of a step of `config.keep` were kept; the training waits, and goes on as if nothing had been. */
  readonly onKept?: (step: number) => Promise<void>;
  /** Stops between two steps; with a run, after saving a checkpoint. Default: the interrupt button of the notebook. */
  readonly signal?: AbortSignal;
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
  requirePlaceToKeep(options);
  const start = await startingState(options);
  const variables = createVariables(
    {
      ...start.values,
      ...initialGradient(options.config, sizeOf(start.values.raw.shape)),
      [imagesName]: residentImages(options.dataset),
    },
    options,
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

function requirePlaceToKeep({ config, run }: TrainOptions): void {
  if (config.keep.length > 0 && !run) {
    throw new RangeError('training.keep keeps weights in the folder of a run: give a run, or an empty list.');
  }
}

/** The last checkpoint's state, or a new one; saved at once, so that a full disk shows before the work and not after it. */
async function startingState(options: TrainOptions): Promise<TrainingState> {
  const { denoiser, seed, run, config, onNotice } = options;
  const saved: SavedTraining = run ? await loadCheckpoint(run) : { damaged: 0 };
  const notice = describe(saved, config);
  if (notice !== undefined) onNotice?.(notice);
  const { network } = denoiser;
  const state =
    saved.state ??
    initialState(initializeParameters(network, deriveSeed(seed, 'weights')), network.parameters);
  if (run) {
    await rewindMetrics(run, state.step);
    await saveCheckpoint(run, state);
  }
  return state;
}

function describe({ state, damaged }: SavedTraining, { steps }: TrainingConfig): string | undefined {
  if (damaged > 0 && !state) return 'the checkpoint is damaged: starting again';
  if (!state || state.step === 0) return undefined;
  const where = `at step ${state.step} of ${steps}`;
  return damaged > 0
    ? `the last checkpoint is damaged: resuming from the one before it, ${where}`
    : `resuming ${where}`;
}

async function runSteps(
  options: TrainOptions,
  start: TrainingState,
  variables: Variables,
): Promise<TrainingState> {
  const { config, signal = interruptSignal(), onProgress } = options;
  const step = compileTrainingStep(options, variables);
  const losses = [...start.losses];
  const state = () => readState(variables, losses);
  const meter = createMeter(config, start.step);
  const record = createRecorder(options, variables, meter);
  const breathDue = every(0.05);

  while (losses.length < config.steps) {
    if (signal?.aborted) throw await interrupted(options, await state());
    const loss = await step(losses.length);
    losses.push(requireFinite(loss, losses.length, config));
    await record(losses);
    if (breathDue()) {
      if (!signal?.aborted) onProgress?.(meter.measure(losses));
      await setImmediate(); // an eager step never lets timers, messages and interrupts through
    }
  }
  onProgress?.(meter.measure(losses));
  return state();
}

/** What goes into the run's folder after a step: a line of the log, weights to keep, a checkpoint. */
function createRecorder(
  { denoiser, config, run, checkpointEvery = 30, onKept }: TrainOptions,
  variables: Variables,
  meter: Meter,
): (losses: readonly number[]) => Promise<void> {
  if (!run) return () => Promise.resolve();
  const saveWhenDue = paced(checkpointEvery, async (losses: readonly number[]) =>
    saveCheckpoint(run, await readState(variables, losses)),
  );
  return async losses => {
    const step = losses.length;
    if (step % loggingInterval(config.steps) === 0) await appendMetric(run, meter.metric(losses));
    if (config.keep.includes(step)) {
      const { ema } = await variables.read(['ema']);
      await keepWeights(run, step, unpack(ema, denoiser.network.parameters));
      if (onKept) {
        await saveCheckpoint(run, await readState(variables, losses)); // what is done here may take long, or fail
        await meter.pausedFor(() => onKept(step));
      }
    }
    await saveWhenDue(losses);
  };
}

async function readState(variables: Variables, losses: readonly number[]): Promise<TrainingState> {
  const names = Object.keys(variables.tensors).filter(name => ![imagesName, gradientName].includes(name));
  return { step: losses.length, losses, values: await variables.read(names) };
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
