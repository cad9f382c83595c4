/**
 * Everything that changes while training, as named values: weights (`raw`), their moving average (`ema`) and Adam's
 * moments (`adam.m`, `adam.v`), each packed into one vector. Together with the step's index it determines all that follows.
 */
import { float32, int32, type NamedValues } from '../engine/values';
import { readSafetensors, saveSafetensors } from '../store/safetensors';
import { fileOf, prefixed, type Run, type Weights, withoutPrefix } from '../store/run';
import { type Layout, pack, unpack } from './packing';
import fs from 'node:fs/promises';

/** Where a training stands. */
export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  /** Loss of each step done. */
  readonly losses: readonly number[];
  /** Weights, average and moments [P], by name. */
  readonly values: NamedValues;
}

/** The state before the first step: the average starts at the weights, the moments at zero. */
export function initialState(weights: NamedValues, layout: Layout): TrainingState {
  const packed = pack(weights, layout);
  const zeros = float32(new Float32Array(packed.values.length));
  return { step: 0, losses: [], values: { raw: packed, ema: packed, 'adam.m': zeros, 'adam.v': zeros } };
}

/** The trained weights of a state. */
export function weightsOf({ values }: TrainingState, layout: Layout): Weights {
  return { raw: unpack(values.raw, layout), average: unpack(values.ema, layout) };
}

const checkpointName = 'checkpoint.safetensors';

/** Saves the state as the run's checkpoint, in place of the one before. */
export async function saveCheckpoint(run: Run, { step, losses, values }: TrainingState): Promise<void> {
  const progress = prefixed('progress.', { step: int32([step]), losses: float32(losses) });
  await saveSafetensors(fileOf(run, checkpointName), { ...values, ...progress }, { key: run.key });
}

/**
 * The state at the run's last checkpoint; undefined when there is none.
 * @throws Error naming the file when it is damaged or belongs to another run.
 */
export async function loadCheckpoint(run: Run): Promise<TrainingState | undefined> {
  const file = fileOf(run, checkpointName);
  const exists = await fs.access(file).then(
    () => true,
    () => false,
  );
  if (!exists) return undefined;
  const { tensors, metadata } = await readSafetensors(file);
  const progress = withoutPrefix('progress.', tensors);
  if (metadata.key !== run.key || !progress.step || !progress.losses) {
    throw new Error(`${file} is not a checkpoint of this run. Remove it to train from the beginning.`);
  }
  const values = Object.fromEntries(
    Object.entries(tensors).filter(([name]) => !name.startsWith('progress.')),
  );
  return { step: progress.step.values[0], losses: [...progress.losses.values], values };
}
