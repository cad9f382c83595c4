/** What is measured on a trained model. With a run, each measure is kept there under all that it depends on. */
import type { CurveMeasurement } from '../curve/curve';
import { type Dataset, fingerprint, meanImage } from '../data/dataset';
import type { Denoiser } from '../diffusion/denoiser';
import { sampleHeun } from '../diffusion/sampler';
import { deriveSeed } from '../engine/random';
import type { TensorValue } from '../engine/values';
import type { Variables } from '../engine/variables';
import { type GeneralizationScore, generalizationScore } from '../generation/score';
import { representationCurve } from '../representation/curve';
import { sha256 } from '../store/keys';
import type { Run } from '../store/record';
import { cached, cachedTensor } from '../store/results';
import type { DataSplit } from './build';
import type { ProbeConfig, SamplingConfig } from './config';

/** Where a model's work is. */
export interface ModelProgress {
  readonly stage: 'training' | 'curve' | 'samples';
  /** Share of the stage that is done, 0 to 1. */
  readonly share: number;
  /** For people: "loss 0.21", "probe at sigma 0.15". */
  readonly detail: string;
}

/** A model, and what measuring it needs. */
export interface MeasuredModel {
  readonly denoiser: Denoiser;
  /** Gives its weights; called only when a measure is not kept yet, and may train the model first. */
  readonly variables: () => Promise<Variables>;
  /** Determines noise of the probe and samples. */
  readonly seed: number;
  /** Where measures are kept and looked for; default: nowhere. */
  readonly run?: Run;
  /** The step of kept weights; undefined for the run's last ones. */
  readonly step?: number;
  readonly onProgress?: (progress: ModelProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Any measure of a model, computed once: with a run, it is kept there under its name, settings, seed and step, and read from
 * there the next time, without the model's weights.
 *
 * @example
 * const ranks = await measure(model, 'stable-rank', {}, variables => stableRanks(variables));
 *
 * @param name of the file: letters, digits, dashes
 * @param settings everything that the value depends on besides the model
 */
export function measure<T>(
  model: MeasuredModel,
  name: string,
  settings: object,
  compute: (variables: Variables) => Promise<T>,
): Promise<T> {
  return kept(model, name, settings, async () => compute(await model.variables()));
}

function kept<T>(
  { run, step, seed }: MeasuredModel,
  name: string,
  settings: object,
  compute: () => Promise<T>,
): Promise<T> {
  return run ? cached(run, name, { ...settings, seed, step }, compute) : compute();
}

/** The representation curve: probes fitted to `pool`, tested on `test`. */
export function measureCurve(
  model: MeasuredModel,
  probe: ProbeConfig,
  { pool, test }: Pick<DataSplit, 'pool' | 'test'>,
): Promise<CurveMeasurement> {
  const { denoiser, seed, signal, onProgress } = model;
  const images = { pool: labelledFingerprint(pool), test: labelledFingerprint(test) };
  const { l2, ...features } = probe;
  return measure(model, 'curve', { ...probe, images }, variables =>
    representationCurve({
      ...features,
      classifier: { kind: 'logistic', l2 },
      denoiser,
      variables,
      train: pool,
      test,
      seed: deriveSeed(seed, 'probe'),
      signal,
      onProgress: ({ done, total, sigma }) =>
        onProgress?.({ stage: 'curve', share: done / total, detail: `probe at sigma ${sigma}` }),
    }),
  );
}

/** Images drawn from the model, [M, H, W, C]. */
export function drawSamples(model: MeasuredModel, sampling: SamplingConfig): Promise<TensorValue> {
  const { run, step, denoiser, seed, signal, onProgress } = model;
  const { count, ...schedule } = sampling;
  const draw = async () =>
    sampleHeun({
      denoiser,
      variables: await model.variables(),
      count,
      schedule,
      seed: deriveSeed(seed, 'sampling'),
      signal,
      onStep: share => onProgress?.({ stage: 'samples', share, detail: `drawing ${count} images` }),
    });
  return run ? cachedTensor(run, 'samples', { ...sampling, seed, step }, draw) : draw();
}

/** Whether the model's samples are new or copies of the training images `train`. */
export async function scoreSamples(
  model: MeasuredModel,
  sampling: SamplingConfig,
  { train, pool }: Pick<DataSplit, 'train' | 'pool'>,
): Promise<GeneralizationScore> {
  const samples = await drawSamples(model, sampling);
  const images = { train: fingerprint(train), pool: fingerprint(pool) };
  return kept(model, 'score', { sampling, images }, () =>
    generalizationScore(samples, train, { mean: meanImage(pool), signal: model.signal }),
  );
}

function labelledFingerprint(dataset: Dataset): string {
  return sha256(`${fingerprint(dataset)} ${dataset.labels.join()}`);
}
