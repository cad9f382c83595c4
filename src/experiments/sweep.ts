/** A grid of models, each trained and measured once, on as many workers as there are. */
import path from 'node:path';
import type { Dataset } from '../data/dataset';
import { interruptSignal } from '../display/host';
import { parameterCount } from '../diffusion/network';
import { defaultRoot } from '../store/root';
import { buildModel, requireConfig } from './build';
import { cellCommand, cellName, progressReader } from './cell-job';
import type { DataConfig, ExperimentConfig } from './config';
import { type Grid, gridCells, type GridCell } from './grid';
import { type GridOutcome, isTemporary, outcomeOf, withoutFresh } from './grid-outcome';
import { showGridProgress } from './grid-progress';
import { loadShowing } from './load-progress';
import type { ModelProgress } from './measures';
import type { RayCluster } from './ray-jobs';
import { rayWorkers } from './ray-workers';
import { type ModelResult, readModel } from './run-model';
import type { ModelCell } from './train-model';
import { localWorkers } from './worker-process';
import { runAll, type WorkerPool } from './workers';

/** How a grid is run. */
export interface SweepRun {
  /** Folder of all runs. Default: {@link defaultRoot}. */
  readonly root?: string;
  /** Train and measure anew what is there already. Default false. */
  readonly fresh?: boolean;
  /** Where models are computed: a Ray cluster that shares the folder of runs. Default: on this machine. */
  readonly ray?: RayCluster;
  /** How many models at the same time. Default: one for each GPU or, without, for each processor core; on Ray, as many as fit. */
  readonly workers?: number;
  /** Ends the work; what is done is kept. Default: the interrupt button of the notebook. */
  readonly signal?: AbortSignal;
  /** Called as the models progress, instead of showing it. */
  readonly onProgress?: (cell: GridCell, progress: ModelProgress) => void;
}

/** The grid, and how to run it. */
export interface SweepOptions extends Grid, SweepRun {}

type SweepTask = GridCell & ModelCell;

/** What became of a grid: curve, samples and score of each model. */
export type Sweep = GridOutcome<ModelResult>;

/**
 * Trains and measures every model of a grid: curve, samples and their score. What has been done before, whole or in part, is
 * read from disk; interrupted and started again, it goes on. A model that fails is tried once more, after the others. Several
 * sweeps may share a folder of runs: no model is computed twice, one that another process is at work on is waited for.
 *
 * @example
 * const { models } = await sweep({
 *   over: { trainingSize: [32, 1000], 'network.channels': [8, 16], seed: [0, 1] },
 *   training: { steps: 2000 },
 * });
 *
 * @throws Error for an unknown or impossible setting, or a Ray cluster that does not answer, before any work; an AbortError when
 * interrupted.
 */
export async function sweep(options: SweepOptions = {}): Promise<Sweep> {
  const { root: folder = defaultRoot(), fresh = false, ray, workers, onProgress, ...rest } = options;
  const { signal = interruptSignal(), ...grid } = rest;
  const root = path.resolve(folder);
  const cells = gridCells(grid);
  const { costs, pool } = await prepare(cells, { ray, root, fresh, signal });
  const shown = onProgress ? undefined : showGridProgress(cells);
  const tasks = cells.map(cell => ({ ...cell, root, fresh }));
  const settled = await runAll<SweepTask, ModelResult, ModelProgress>(tasks, {
    pool,
    workers,
    cost: (_, index) => costs[index],
    attempts: 2,
    resumed: withoutFresh,
    isTemporary,
    signal,
    onProgress: (index, progress) => onProgress?.(cells[index], progress),
    ...shown,
  }).finally(() => shown?.finish());
  return outcomeOf(cells, settled);
}

/** What is known before the work begins: how long each model takes compared to the others, and who computes them. */
async function prepare(
  cells: readonly GridCell[],
  { ray, root, fresh, signal }: SweepRun & { readonly root: string },
): Promise<{ costs: readonly number[]; pool: WorkerPool }> {
  const images = imageSets(signal);
  const costs = await requireCells(cells, images);
  if (!ray)
    return { costs, pool: localWorkers(path.join(__dirname, `run-model${path.extname(__filename)}`)) };
  if (fresh)
    throw new Error('On Ray nothing is made anew: remove the runs first, with "unimodal runs remove".');
  const pool = await rayWorkers<SweepTask, ModelResult>(ray, {
    nameOf: async cell => cellName(cell, await images(cell.config.data)),
    commandOf: cellCommand,
    read: async cell => readModel(cell, await images(cell.config.data)),
    place: root,
    reader: progressReader,
  });
  return { costs, pool };
}

/**
 * The models of a grid as shell commands, one each, which may run at the same time and again: for a Slurm array or GNU parallel.
 * @throws as sweep does for impossible settings
 */
export async function sweepCommands(
  options: Grid & Pick<SweepRun, 'root' | 'fresh' | 'signal'> = {},
): Promise<string[]> {
  const { root = defaultRoot(), fresh = false, signal, ...grid } = options;
  const cells = gridCells(grid);
  await requireCells(cells, imageSets(signal));
  return cells.map(cell => cellCommand({ ...cell, root: path.resolve(root), fresh }));
}

/**
 * Refuses models that can't be computed, before any is.
 * @returns how long each takes compared to the others
 */
async function requireCells(cells: readonly GridCell[], imagesOf: ImageSets): Promise<number[]> {
  const costs: number[] = [];
  for (const { config, trainingSize, seed } of cells) {
    const images = await imagesOf(config.data);
    requireConfig(config, images, [trainingSize], [seed]);
    costs.push(costOf(config, images.imageShape));
  }
  return costs;
}

type ImageSets = (config: DataConfig) => Promise<Dataset>;

/** The images of each configuration, loaded once. */
function imageSets(signal?: AbortSignal): ImageSets {
  const loaded = new Map<string, Promise<Dataset>>();
  return config => {
    const { source, size, gray, resolution } = config;
    const key = JSON.stringify({ source, size, gray, resolution });
    const images = loaded.get(key) ?? loadShowing(config, signal);
    loaded.set(key, images);
    return images;
  };
}

/** Convolutions use each parameter once a pixel and image; more precise need not be what only decides the order. */
function costOf(config: ExperimentConfig, imageShape: Dataset['imageShape']): number {
  const { steps, batchSize } = config.training;
  const [height, width] = imageShape;
  return steps * batchSize * height * width * parameterCount(buildModel(config, imageShape).denoiser.network);
}
