/** A trained model by name, ready to be measured: a run of this library, or a folder of weights made elsewhere. */
import type { Denoiser } from '../diffusion/denoiser';
import type { NamedValues } from '../engine/values';
import type { Run } from '../store/record';
import { findRun, type StoredRun } from '../store/runs';
import { isFinished, keptSteps, loadKeptWeights, loadWeights } from '../store/weights';
import { buildModel } from './build';
import { readExperiment, type RunExperiment } from './model-run';

/** A model with its weights. */
export interface OpenModel {
  readonly name: string;
  readonly denoiser: Denoiser;
  /** What is measured: for a run, the average of its weights. */
  readonly weights: NamedValues;
  /** For a run: its folder, where measures are kept. */
  readonly run?: Run;
  /** For a run: what it was made with. */
  readonly experiment?: RunExperiment;
  /** For weights of a run that were kept while it was trained: their step. */
  readonly step?: number;
}

/** Where to look, and for which weights. */
export interface OpenModelOptions {
  /** Folder of all runs. */
  readonly root: string;
  /** A step whose weights the run has kept; default: the last one. */
  readonly step?: number;
}

/**
 * Opens the model that a reference means: the folder, name or beginning of the key of a run.
 * @throws Error when it means none, several, or a run that is not trained to its end (unless a kept step is asked for).
 */
export async function openModel(reference: string, { root, step }: OpenModelOptions): Promise<OpenModel> {
  const run = await findRun(reference, root);
  const experiment = await readExperiment(run);
  const { denoiser } = buildModel(experiment.config, experiment.imageShape);
  const weights = step === undefined ? await lastWeights(run) : await loadKeptWeights(run, step);
  return { name: run.name, denoiser, weights, run, experiment, step };
}

async function lastWeights(run: StoredRun): Promise<NamedValues> {
  if (await isFinished(run)) return (await loadWeights(run)).average;
  const kept = await keptSteps(run);
  const instead = kept.length > 0 ? ` Weights of these steps were kept: ${kept.join(', ')}.` : '';
  throw new Error(
    `${run.name} is not trained to its end. Train it again with the same settings: it goes on where it was.${instead}`,
  );
}
