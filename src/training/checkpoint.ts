/**
 * Checkpoints of an unfinished training: the last one and the one before it. The one before is dropped only when the last
 * is on the disk whole, so that there is always one to resume from, whatever ends the process or damages a file.
 */
import fs from 'node:fs/promises';
import { float32, int32 } from '../engine/values';
import { errorCode, explainFileError } from '../store/atomic';
import type { Run } from '../store/record';
import { DamagedFileError, readSafetensors, saveSafetensors } from '../store/safetensors';
import { checkpointFiles, prefixed, withoutPrefix } from '../store/weights';
import type { TrainingState } from './state';

/** Saves the state as the run's last checkpoint. On failure the one that was the last before is still there. */
export async function saveCheckpoint(run: Run, { step, losses, values }: TrainingState): Promise<void> {
  const { last, before } = checkpointFiles(run);
  await fs.rename(last, before).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw explainFileError(error, before, 'write');
  });
  const progress = prefixed('progress.', { step: int32([step]), losses: float32(losses) });
  await saveSafetensors(last, { ...values, ...progress }, { key: run.key });
}

/** What an earlier start of the training left. */
export interface SavedTraining {
  /** The state at the newest whole checkpoint; undefined when there is none. */
  readonly state?: TrainingState;
  /** Number of newer checkpoints that were damaged, and have been removed. */
  readonly damaged: number;
}

/**
 * Looks for the run's newest whole checkpoint.
 * @throws Error naming the file when it can't be read or belongs to another run.
 */
export async function loadCheckpoint(run: Run): Promise<SavedTraining> {
  const { last, before } = checkpointFiles(run);
  let damaged = 0;
  for (const file of [last, before]) {
    try {
      const state = await readCheckpoint(run, file);
      if (state) return { state, damaged };
    } catch (error) {
      if (!(error instanceof DamagedFileError)) throw error;
      damaged++;
      await fs.rm(file); // or the next checkpoint would put it in the place of a whole one
    }
  }
  return { damaged };
}

async function readCheckpoint(run: Run, file: string): Promise<TrainingState | undefined> {
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
