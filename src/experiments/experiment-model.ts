/** A model of an experiment as it is measured: its run and images at once, its weights when something needs them. */
import path from 'node:path';
import type { NamedValues } from '../engine/values';
import { createVariables, type Variables } from '../engine/variables';
import { readMetrics } from '../store/metrics';
import { readRecord, type Run } from '../store/record';
import { defaultRoot } from '../store/root';
import { keptSteps, loadKeptWeights } from '../store/weights';
import type { LossPoint } from '../training/progress';
import { requireConfig } from './build';
import type { ExperimentConfig } from './config';
import { loadShowing } from './load-progress';
import type { MeasuredModel } from './measures';
import { once } from './once';
import { type PresetName, resolvePreset } from './presets';
import type { Changes } from './settings';
import { showStages } from './stage-progress';
import {
  type ModelCell,
  type PreparedModel,
  prepareModel,
  trainPrepared,
  type TrainModelOptions,
} from './train-model';

/**
 * A model with its run and images. It is trained, or its weights are read, when the first measure that its run does not hold
 * needs them: where the run holds all measures, nothing is trained and no weights have to be there.
 */
export interface ExperimentModel extends MeasuredModel, PreparedModel {
  readonly run: Run;
  readonly trainingSize: number;
  readonly config: ExperimentConfig;
  /** Its loss curve. */
  losses(): Promise<LossPoint[]>;
  /** The model as it was after a step of training.keep; another one is refused when its weights are asked for. */
  at(step: number): MeasuredModel & PreparedModel;
  /** Frees its weights. */
  dispose(): void;
}

/** The settings to change, by name, and which model. */
export interface ExperimentModelOptions extends Changes<ExperimentConfig> {
  /** Where the settings start from. Default 'digits'. */
  readonly preset?: PresetName;
  /** Number of training images. */
  readonly trainingSize: number;
  /** Default: the preset's first. */
  readonly seed?: number;
  /** What its progress calls it, where several models are at work. Default: nothing. */
  readonly name?: string;
  /** Folder of all runs. Default: {@link defaultRoot}. */
  readonly root?: string;
  /** Train and measure anew what is there already. Default false. */
  readonly fresh?: boolean;
  /** Threads to compute with. Default 1, as in a grid: the training is bit for bit repeatable. */
  readonly threads?: number;
  /** Ends the work; what is done is kept. Default: the interrupt button of the notebook, in the cell that asks for the work. */
  readonly signal?: AbortSignal;
}

/**
 * The model of a preset with some settings changed: the same run as in {@link transition}. Its work shows its progress.
 *
 * @example
 * const model = await experimentModel({ trainingSize: 1000 });
 * const layers = model.denoiser.network.layers;
 * const curves = await measure(model, 'layer-curves', { layers, sigmas }, variables =>
 *   representationCurves({ ...model, variables, layers, sigmas, train: model.data.pool, test: model.data.test }));
 *
 * @throws Error for an unknown or impossible setting, before any work
 */
export async function experimentModel(options: ExperimentModelOptions): Promise<ExperimentModel> {
  const { preset, trainingSize, seed, name, root = defaultRoot(), ...others } = options;
  const { fresh = false, threads = 1, signal, ...changes } = others;
  const { seeds, data, network, diffusion, training, probe, sampling } = resolvePreset(
    preset ?? 'digits',
    changes,
  );
  const config = { data, network, diffusion, training, probe, sampling };
  const cell = { config, trainingSize, seed: seed ?? seeds[0], root: path.resolve(root), fresh };
  const images = await loadShowing(config.data, signal);
  requireConfig(config, images, [trainingSize], [cell.seed]);
  const totals = {
    training: config.training.steps,
    curve: config.probe.sigmas.length,
    samples: config.sampling.count,
  };
  const { onProgress } = showStages(totals, name);
  return openExperimentModel(cell, { images, threads, signal, onProgress });
}

/** How a model of a grid is trained. */
export interface OpenExperimentOptions extends Omit<TrainModelOptions, 'onKept'> {
  /** Called with the model as it is at each step of training.keep, while it is trained: the training waits. */
  readonly onKept?: (step: number, model: MeasuredModel & PreparedModel) => Promise<void>;
}

/**
 * Opens a model of a grid.
 * @throws RangeError for impossible settings; whatever training throws, when `fresh` trains at once
 */
export async function openExperimentModel(
  cell: ModelCell,
  { onKept, ...options }: OpenExperimentOptions,
): Promise<ExperimentModel> {
  const prepared = await prepareModel(cell, options);
  const { run } = prepared;
  const { config, trainingSize, seed } = cell;
  const { threads, signal, onProgress } = options;
  const measured = { ...prepared, seed, signal, onProgress };
  const held: Variables[] = [];
  const hold = (weights: NamedValues): Variables => {
    const variables = createVariables(weights, { threads });
    held.push(variables);
    return variables;
  };
  const at = (step: number): MeasuredModel & PreparedModel => ({
    ...measured,
    step,
    variables: once(async () => {
      const willBeKept = config.training.keep.includes(step);
      if (willBeKept && !(await keptSteps(run)).includes(step)) await trained();
      return hold(await loadKeptWeights(run, step));
    }),
  });
  const trained = once(() =>
    trainPrepared(cell, prepared, { ...options, onKept: onKept && (step => onKept(step, at(step))) }),
  );
  if (cell.fresh) await trained();
  return {
    ...measured,
    config,
    trainingSize,
    variables: once(async () => hold((await trained()).average)),
    async losses() {
      if ((await readRecord(run))?.status !== 'finished') await trained();
      return (await readMetrics(run)).map(({ step, loss }) => ({ step, loss }));
    },
    at,
    dispose: () => held.forEach(variables => variables.dispose()),
  };
}
