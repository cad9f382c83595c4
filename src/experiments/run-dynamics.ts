/** One model followed through its training: what worker processes compute for {@link learningDynamics}. */
import { keptSteps } from '../store/weights';
import { readRecord } from '../store/record';
import type { LossPoint } from '../training/progress';
import { type DynamicsPoint, type FollowedModel, measurePoint } from './dynamics-point';
import { openExperimentModel } from './experiment-model';
import type { ModelProgress } from './measures';
import type { ModelCell, TrainModelOptions } from './train-model';
import type { CellContext } from './workers';

/** A model's training, seen at several moments. */
export interface ModelDynamics {
  readonly trainingSize: number;
  readonly seed: number;
  /** Images a step: steps times this are the images seen. */
  readonly batchSize: number;
  /** Steps of the whole training. */
  readonly steps: number;
  /** In the order of their steps; while the training runs, those that there are. */
  readonly points: readonly DynamicsPoint[];
  /** Training loss, in much finer steps. */
  readonly losses: readonly LossPoint[];
}

/** How far a model is; with `point`, what has just been measured on it. */
export interface DynamicsProgress extends ModelProgress {
  readonly point?: DynamicsPoint;
}

/**
 * Trains a model and measures it at each step of training.keep, when it is reached, and at the end. What has been done
 * before is read from the run's folder; training gives the same weights as without the measures.
 * @throws as training and the measures do; an AbortError when `signal` ended it
 */
export async function runDynamics(
  cell: ModelCell,
  {
    images,
    signal,
    onProgress,
  }: Partial<CellContext<DynamicsProgress>> & Pick<TrainModelOptions, 'images'> = {},
): Promise<ModelDynamics> {
  const { steps, batchSize } = cell.config.training;
  const keep = cell.config.training.keep.filter(step => step < steps).sort((a, b) => a - b);
  const points = new Map<number, DynamicsPoint>();
  const follow = async (step: number, model: FollowedModel) => {
    if (points.has(step)) return;
    const tell = (detail: string, point?: DynamicsPoint) =>
      onProgress?.({ stage: 'training', share: step / steps, detail: `step ${step}: ${detail}`, point });
    const told = { ...model, onProgress: ({ detail }: ModelProgress) => tell(detail) };
    points.set(step, await measurePoint(told, cell.config, step));
    tell('measured', points.get(step));
  };
  const model = await openExperimentModel(cell, { images, threads: 1, signal, onProgress, onKept: follow });
  try {
    if ((await readRecord(model.run))?.status !== 'finished') {
      const before = await keptSteps(model.run); // an earlier start came so far
      for (const step of keep.filter(step => before.includes(step))) await follow(step, model.at(step));
      await model.variables();
    }
    await follow(steps, model); // the end first: where all is trained already, it is what most is asked of
    for (const step of keep) await follow(step, model.at(step));
    const { trainingSize, seed } = model;
    const inOrder = [...points.values()].sort((a, b) => a.step - b.step);
    return { trainingSize, seed, batchSize, steps, points: inOrder, losses: await model.losses() };
  } finally {
    model.dispose();
  }
}

/** Under this name worker processes find it. */
export const runCell = runDynamics;
