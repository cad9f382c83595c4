/** A training that is done once: asked for again, its weights are read from the run's folder. */
import { removeTemporaryFiles } from '../store/atomic';
import { withFolderLock } from '../store/lock';
import { readMetrics } from '../store/metrics';
import type { Run } from '../store/record';
import { clearRun } from '../store/run';
import { finishRun, isFinished, loadWeights } from '../store/weights';
import { train, type Trained, type TrainOptions } from './train';

/** Options of {@link trainRun}. */
export interface TrainRunOptions extends TrainOptions {
  readonly run: Run;
  /** Train anew even when the run is finished; its weights and results are removed first. Default false. */
  readonly fresh?: boolean;
}

/**
 * Trains the run, or reads what an earlier training left: nothing when it is finished, the rest when it was interrupted.
 * @throws FolderInUseError when another process is training this run; whatever {@link train} throws.
 */
export async function trainRun({ fresh = false, ...options }: TrainRunOptions): Promise<Trained> {
  const { run } = options;
  if (!fresh && (await isFinished(run))) return loadTrained(options);
  return withFolderLock(run.folder, async () => {
    await removeTemporaryFiles(run.folder);
    if (fresh) await clearRun(run);
    // Whoever held the folder until just now may have finished the run.
    if (await isFinished(run)) return loadTrained(options);
    const trained = await train(options);
    await finishRun(run, trained);
    return trained;
  });
}

async function loadTrained({ run, onNotice }: TrainRunOptions): Promise<Trained> {
  onNotice?.('trained already: reading its weights');
  const losses = (await readMetrics(run)).map(({ step, loss }) => ({ step, loss }));
  return { ...(await loadWeights(run)), losses };
}
