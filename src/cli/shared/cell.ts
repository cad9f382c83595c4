/** The one model that a command trains: `--preset --set --size --seed --runs`. */
import path from 'node:path';
import type { Command } from 'commander';
import type { Dataset } from '../../data/dataset';
import type { GridConfig } from '../../experiments/config';
import { resolvePreset } from '../../experiments/presets';
import type { Changes } from '../../experiments/settings';
import type { ModelCell } from '../../experiments/train-model';
import { library } from './library';
import { addRuns, rootOf } from './model';
import { addPreset, addSettings, parseSettings, type SettingFlags } from './settings';
import { count, seed } from './values';

/** What {@link addCell} reads. */
export interface CellFlags extends SettingFlags {
  readonly runs?: string;
  readonly size?: number;
  readonly seed: number;
}

/** Adds the options that choose the model. */
export function addCell(command: Command, example: string): Command {
  command
    .option('--size <n>', 'number of training images (default: the whole pool)', count)
    .option('--seed <s>', 'determines split, initial weights, batches and noise', seed, 0);
  return addRuns(addSettings(addPreset(command), example));
}

/** The model; `fresh` as in ModelCell. @throws Error for an unknown setting, or those of a grid */
export function cellOf(flags: CellFlags, fresh = false): ModelCell {
  const changes = parseSettings(flags.set) as Changes<GridConfig>;
  for (const name of ['sizes', 'seeds'] as const) {
    if (name in changes)
      throw new Error(`--set ${name}: one model is trained; choose it by --size and --seed.`);
  }
  const { data, network, diffusion, training, probe, sampling } = resolvePreset(flags.preset, changes);
  return {
    config: { data, network, diffusion, training, probe, sampling },
    trainingSize: flags.size ?? data.pool,
    seed: flags.seed,
    root: path.resolve(rootOf(flags)),
    fresh,
  };
}

/** All images of the model's configuration. @throws RangeError when the model can't be computed with them */
export async function checkedImages(cell: ModelCell, signal: AbortSignal): Promise<Dataset> {
  const { loadShowing, requireConfig } = library();
  const images = await loadShowing(cell.config.data, signal);
  requireConfig(cell.config, images, [cell.trainingSize], [cell.seed]);
  return images;
}
