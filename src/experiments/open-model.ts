/** A trained model by name, ready to be measured: a run of this library, or a folder of diffusers. */
import path from 'node:path';
import type { Denoiser } from '../diffusion/denoiser';
import type { NamedValues } from '../engine/values';
import { createVariables, type Variables } from '../engine/variables';
import { isDiffusersFolder } from '../models/diffusers/folder';
import { loadDiffusers } from '../models/diffusers/load';
import type { Run } from '../store/record';
import { defaultRoot } from '../store/root';
import { findRun, type StoredRun } from '../store/runs';
import { isFinished, keptSteps, loadKeptWeights, loadWeights } from '../store/weights';
import { buildModel } from './build';
import type { MeasuredModel } from './measures';
import { readExperiment, type RunExperiment } from './model-run';
import { once } from './once';

/** A model and where its weights are. */
export interface OpenModel {
  readonly name: string;
  readonly denoiser: Denoiser;
  /**
   * Reads its weights: for a run, their average. A run that came without weights can still give the measures that it holds.
   * @throws Error for a run that is not trained to its end, or whose weights are not there
   */
  readonly weights: () => Promise<NamedValues>;
  /** For a run: its folder, where measures are kept. */
  readonly run?: Run;
  /** For a run: what it was made with. */
  readonly experiment?: RunExperiment;
  /** For weights of a run that were kept while it was trained: their step. */
  readonly step?: number;
}

/** Where to look, and for which weights. */
export interface OpenModelOptions {
  /** Folder of all runs. Default: `runs/` of the project around. */
  readonly root?: string;
  /** A step whose weights the run has kept; default: the last one. */
  readonly step?: number;
}

/**
 * Opens the model that a reference means: the folder, name or beginning of the key of a run, or a folder that
 * {@link loadDiffusers} reads. Every measure takes either.
 * @throws Error when it means none, several, or a run that is not trained to its end (unless a kept step is asked for); for a
 *   folder of diffusers as loadDiffusers does
 */
export async function openModel(
  reference: string,
  { root = defaultRoot(), step }: OpenModelOptions = {},
): Promise<OpenModel> {
  if (isDiffusersFolder(reference)) return openDiffusers(reference, step);
  const run = await findRun(reference, root);
  if (step === undefined) await requireFinished(run);
  const experiment = await readExperiment(run);
  const { denoiser } = buildModel(experiment.config, experiment.imageShape);
  const weights = () => (step === undefined ? lastWeights(run) : loadKeptWeights(run, step));
  return { name: run.name, denoiser, weights, run, experiment, step };
}

async function openDiffusers(folder: string, step?: number): Promise<OpenModel> {
  if (step !== undefined) {
    throw new RangeError(
      `${folder} holds one set of weights, not those of step ${step}: only runs keep some.`,
    );
  }
  const { denoiser, weights } = await loadDiffusers(folder);
  return { name: path.basename(path.resolve(folder)), denoiser, weights: () => Promise.resolve(weights) };
}

async function requireFinished(run: StoredRun): Promise<void> {
  if (run.record.status === 'finished') return;
  throw new Error(`${run.name} is not trained to its end. ${await remedy(run)}`);
}

async function lastWeights(run: StoredRun): Promise<NamedValues> {
  if (await isFinished(run)) return (await loadWeights(run)).average;
  throw new Error(
    `${run.name} came without its weights: only what was measured on it can be read. ${await remedy(run)}`,
  );
}

async function remedy(run: StoredRun): Promise<string> {
  const kept = await keptSteps(run);
  const instead = kept.length > 0 ? ` Weights of these steps were kept: ${kept.join(', ')}.` : '';
  return `Train it again with the same settings: it goes on where it was.${instead}`;
}

/** How an open model is measured. */
export interface MeasurableOptions extends Pick<MeasuredModel, 'onProgress' | 'signal'> {
  /** Determines the noise. Default: the run's seed, or 0. */
  readonly seed?: number;
  /** Threads to compute with. Default: one for each core. */
  readonly threads?: number;
}

/**
 * An open model as every measure takes it; its weights are read when the first one needs them. `dispose` frees them.
 *
 * @example
 * const model = measurable(await openModel('path/to/ddpm'));
 * const curve = await measureCurve(model, { ...presets.digits.probe, layer: 'up_blocks.1.resnets.0' }, split(images, { pool: 1000 }));
 */
export function measurable(
  { denoiser, weights, run, step, experiment }: OpenModel,
  { seed = experiment?.seed ?? 0, threads, ...follow }: MeasurableOptions = {},
): MeasuredModel & { dispose(): void } {
  let held: Variables | undefined;
  const variables = once(async () => (held = createVariables(await weights(), { threads })));
  return { denoiser, variables, run, step, seed, ...follow, dispose: () => held?.dispose() };
}
