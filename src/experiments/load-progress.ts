/** Shows how the loading of data goes: a bar for what is downloaded, then one for the images. */
import type { Dataset } from '../data/dataset';
import type { LoadProgress } from '../data/files';
import { createProgress, type Progress, type ProgressEnvironment } from '../display/progress';
import { loadData } from './build';
import type { DataConfig } from './config';

/** As loadData, with bars. */
export async function loadShowing(config: DataConfig, signal?: AbortSignal): Promise<Dataset> {
  const { onProgress, finish } = showLoadProgress(config.source);
  return loadData(config, { signal, onProgress }).finally(finish);
}

/** Follows one loading; nothing is shown for data that are there at once. */
export function showLoadProgress(source: string, environment?: ProgressEnvironment) {
  const bars: Partial<Record<LoadProgress['what'], Progress>> = {};
  const barOf = ({ what, total }: LoadProgress) => {
    bars[what] ??= createProgress({ label: source, total, unit: what }, environment);
    return bars[what];
  };
  return {
    onProgress: (progress: LoadProgress) => barOf(progress).update(progress.done),
    /** Leaves the final lines. */
    finish: () => Object.values(bars).forEach(bar => bar.finish()),
  };
}
