/** One model from beginning to end: the cell of every grid of experiments. */
import type { CurveMeasurement } from '../curve/curve';
import { type Dataset, fingerprint, imagesOf, meanImage } from '../data/dataset';
import { sampleHeun } from '../diffusion/sampler';
import { deriveSeed } from '../engine/random';
import type { TensorValue } from '../engine/values';
import { createVariables, type Variables } from '../engine/variables';
import { type GeneralizationScore, generalizationScore } from '../generation/score';
import { representationCurve } from '../representation/curve';
import { cached } from '../store/results';
import type { Run } from '../store/record';
import { openRun } from '../store/run';
import type { LossPoint } from '../training/progress';
import { trainRun } from '../training/train-run';
import { buildModel, type DataSplit, loadData, type Model, splitData } from './build';
import type { ExperimentConfig } from './config';
import type { CellContext } from './workers';

/** One model of a grid. Plain data: it is sent to worker processes. */
export interface ModelCell {
  readonly config: ExperimentConfig;
  /** Number of training images. */
  readonly trainingSize: number;
  readonly seed: number;
  /** Folder of all runs. */
  readonly root: string;
  /** Train and measure anew what is there already. */
  readonly fresh: boolean;
}

/** What is known of a trained model. */
export interface ModelResult {
  readonly trainingSize: number;
  readonly seed: number;
  /** Folder of the run. */
  readonly folder: string;
  readonly losses: readonly LossPoint[];
  readonly curve: CurveMeasurement;
  readonly score: GeneralizationScore;
  /** Generated images, [M, H, W, C]. */
  readonly samples: TensorValue;
  /** The training image nearest to each generated one, [M, H, W, C]. */
  readonly nearestImages: TensorValue;
}

/** Where a model's cell is. */
export interface ModelProgress {
  readonly stage: 'training' | 'curve' | 'samples';
  /** Share of the stage that is done, 0 to 1. */
  readonly share: number;
  /** For people: "loss 0.21", "probe at sigma 0.15". */
  readonly detail: string;
}

type Context = Partial<CellContext<ModelProgress>>;

/** What {@link runModel} computes with, at each of its stages. */
interface Cell extends ModelCell, DataSplit, Model, Context {
  readonly run: Run;
}

/**
 * Trains a model and measures it, or reads from its run's folder whatever of that has been done before: the curve, the
 * samples, their score. Interrupted and started again, it goes on where it was.
 * @throws RangeError for impossible settings, FolderInUseError when another process trains the same model, DivergedError
 * when training fails, an AbortError when `signal` ended it.
 */
export async function runModel(modelCell: ModelCell, context: Context = {}): Promise<ModelResult> {
  const { config, trainingSize, seed } = modelCell;
  const all = await loadData(config.data);
  const data = splitData(all, config.data, trainingSize, seed);
  const run = await openModelRun(modelCell, data.train);
  const cell: Cell = { ...modelCell, ...context, ...data, ...buildModel(config, all.imageShape), run };
  const { average, losses } = await trainRun({
    ...cell,
    dataset: cell.train,
    config: config.training,
    seed: deriveSeed(seed, 'training'),
    threads: 1,
    onProgress: ({ step, steps, loss }) =>
      context.onProgress?.({
        stage: 'training',
        share: step / steps,
        detail: `loss ${loss.toFixed(3)}`,
      }),
  });
  const variables = createVariables(average, { threads: 1 });
  try {
    return { trainingSize, seed, folder: run.folder, losses, ...(await measure(cell, variables)) };
  } finally {
    variables.dispose();
  }
}

/** Under this name worker processes find it. */
export const runCell = runModel;

function openModelRun({ config, trainingSize, seed, root }: ModelCell, train: Dataset): Promise<Run> {
  const { network, diffusion, training } = config;
  // The images themselves, not where they came from: they may have been moved.
  const data = {
    name: train.name,
    trainingSize,
    sha256: fingerprint(train),
  };
  const seeds = Object.fromEntries(
    ['split', 'training', 'probe', 'sampling'].map(name => [name, deriveSeed(seed, name)]),
  );
  const name = `${train.name}-${trainingSize}-seed${seed}`.replace(/[^\w.-]/g, '-');
  return openRun({ data, network, diffusion, training, seed }, { root, name, seeds: { seed, ...seeds } });
}

async function measure(cell: Cell, variables: Variables) {
  const { run, config, seed, train, pool, test } = cell;
  const labelled = { pool: pool.count, test: test.count };
  const curve = await cached(run, 'curve', { ...config.probe, ...labelled, seed }, () =>
    measureCurve(cell, variables),
  );
  const sampling = { ...config.sampling, seed };
  const samples = await cached(run, 'samples', sampling, () => drawSamples(cell, variables));
  const score = await cached(run, 'score', { sampling, ...labelled }, () =>
    generalizationScore(samples, train, { mean: meanImage(pool), signal: cell.signal }),
  );
  return { curve, samples, score, nearestImages: imagesOf(train, score.nearest) };
}

function measureCurve(cell: Cell, variables: Variables): Promise<CurveMeasurement> {
  const { config, seed, pool, test, denoiser, signal, onProgress } = cell;
  return representationCurve({
    ...config.probe,
    denoiser,
    variables,
    train: pool,
    test,
    seed: deriveSeed(seed, 'probe'),
    signal,
    onProgress: ({ done, total, sigma }) =>
      onProgress?.({ stage: 'curve', share: done / total, detail: `probe at sigma ${sigma}` }),
  });
}

function drawSamples(cell: Cell, variables: Variables): Promise<TensorValue> {
  const { config, seed, denoiser, signal, onProgress } = cell;
  const { count, ...schedule } = config.sampling;
  return sampleHeun({
    denoiser,
    variables,
    count,
    schedule,
    seed: deriveSeed(seed, 'sampling'),
    signal,
    onStep: share => onProgress?.({ stage: 'samples', share, detail: `drawing ${count} images` }),
  });
}
