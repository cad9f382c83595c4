/** Learning dynamics (paper, Fig. 8-10): what a model is at several moments of its training, drawn while it is trained. */
import path from 'node:path';
import { notebookHost } from '../display/host';
import type { TransitionValues } from '../figures/summary';
import { defaultRoot } from '../store/root';
import { requireConfig } from './build';
import type { GridConfig } from './config';
import { gridCells } from './grid';
import { isTemporary, outcomeOf, requireComplete, withoutFresh } from './grid-outcome';
import { showGridProgress } from './grid-progress';
import { loadShowing } from './load-progress';
import { type PresetName, resolvePreset } from './presets';
import type { DynamicsProgress, ModelDynamics } from './run-dynamics';
import type { Changes } from './settings';
import type { ModelCell } from './train-model';
import { localWorkers } from './worker-process';
import { runAll } from './workers';

/** The settings to change, by name, and how to run. */
export interface DynamicsOptions extends Changes<GridConfig> {
  /** Where the settings start from. Default 'digits'. */
  readonly preset?: PresetName;
  /** Folder of all runs. Default: {@link defaultRoot}. */
  readonly root?: string;
  /** Train and measure anew what is there already. Default false. */
  readonly fresh?: boolean;
  /** Worker processes. Default: one per processor core. */
  readonly workers?: number;
  /** Ends the work; what is done is kept. Default: the interrupt button of the notebook. */
  readonly signal?: AbortSignal;
  /** Called each time a point has been measured, with all models that have one: draw them. */
  readonly onPoint?: (models: readonly ModelDynamics[]) => void;
}

/**
 * Trains a model for each training-set size and seed, and measures it at the steps of `training.keep` and at the end: curve,
 * ICR, stable rank, losses, samples and their score. Each point is measured when its step is reached. What has been done before,
 * whole or in part, is read from disk.
 *
 * @example
 * const live = liveFigure();
 * const models = await learningDynamics({
 *   sizes: [64, 1000],
 *   training: { keep: [100, 300, 1000] },
 *   onPoint: models => live.update(() => dynamicsFigure(models)),
 * });
 * await live.finish(dynamicsFigure(models));
 *
 * @returns a model each, in the order of sizes, then seeds
 * @throws Error for an unknown or impossible setting, before any work; an AggregateError with each model's own error when
 * some failed (the others are kept); an AbortError when interrupted.
 */
export async function learningDynamics(options: DynamicsOptions = {}): Promise<ModelDynamics[]> {
  const { preset, root = defaultRoot(), fresh = false, workers, signal, onPoint, ...changes } = options;
  const { sizes, seeds, ...config } = resolvePreset(preset ?? 'digits', changes);
  const interrupt = signal ?? notebookHost()?.interruptSignal();
  requireConfig(config, await loadShowing(config.data, interrupt), sizes, seeds);
  const over = { trainingSize: sizes, seed: seeds };
  const place = { root: path.resolve(root), fresh };
  const cells = gridCells({ preset, ...config, over }).map(cell => ({ ...cell, ...place }));
  const shown = showGridProgress(cells);
  const followed = followModels(cells, onPoint);
  const settled = await runAll<ModelCell, ModelDynamics, DynamicsProgress>(cells, {
    ...shown,
    pool: localWorkers(path.join(__dirname, `run-dynamics${path.extname(__filename)}`)),
    workers,
    attempts: 2,
    resumed: withoutFresh,
    isTemporary,
    signal: interrupt,
    onProgress(index, progress) {
      shown.onProgress(index, progress);
      followed(index, progress);
    },
  }).finally(() => shown.finish());
  requireComplete(outcomeOf(cells, settled));
  return settled.map(result => (result as PromiseFulfilledResult<ModelDynamics>).value);
}

/**
 * Models at one moment, by size, as transitionFigure and its tables draw them; those that were not measured then are left out.
 * @param step default: the end of the training
 */
export function transitionAt(models: readonly ModelDynamics[], step?: number): TransitionValues {
  const moments = models.flatMap(({ trainingSize, steps, points }) => {
    const point = points.find(point => point.step === (step ?? steps));
    return point ? [{ trainingSize, point }] : [];
  });
  const sizes = [...new Set(moments.map(({ trainingSize }) => trainingSize))];
  return {
    sizes: sizes.map(size => {
      const points = moments.filter(({ trainingSize }) => trainingSize === size).map(({ point }) => point);
      return {
        trainingSize: size,
        curves: points.map(({ curve }) => curve),
        scores: points.map(({ score }) => score),
      };
    }),
  };
}

/** Collects the points that workers report. */
function followModels(
  cells: readonly ModelCell[],
  onPoint?: (models: readonly ModelDynamics[]) => void,
): (index: number, progress: DynamicsProgress) => void {
  const models = cells.map(({ trainingSize, seed, config: { training } }) => ({
    trainingSize,
    seed,
    batchSize: training.batchSize,
    steps: training.steps,
    points: [] as ModelDynamics['points'],
    losses: [],
  }));
  return (index, { point }) => {
    if (!point) return;
    const points = [...models[index].points, point].sort((a, b) => a.step - b.step);
    models[index] = { ...models[index], points };
    onPoint?.(models.filter(({ points }) => points.length > 0));
  };
}
