/** The trained model that a command works on, a run or a folder of diffusers: `--model RUN|FOLDER`. */
import { type Command, Option } from 'commander';
import type { DataSplit } from '../../experiments/build';
import type { ExperimentConfig } from '../../experiments/config';
import type { MeasuredModel } from '../../experiments/measures';
import type { OpenModel } from '../../experiments/open-model';
import { presets } from '../../experiments/presets';
import { withChanges } from '../../experiments/settings';
import { defaultRoot } from '../../store/root';
import { interruptible } from './interrupt';
import { library } from './library';
import { showStages } from '../../experiments/stage-progress';
import { addSettings, parseSettings } from './settings';
import { count } from './values';

/** What {@link addModel} and {@link addMeasureSettings} read. */
export interface ModelFlags {
  readonly model: string;
  readonly runs?: string;
  readonly at?: number;
  readonly threads?: number;
  readonly preset?: keyof typeof presets;
  readonly set?: readonly string[];
  readonly seed?: number;
}

/** Adds `--model` and what belongs to it. */
export function addModel(command: Command): Command {
  command
    .requiredOption(
      '--model <run|folder>',
      'a run: its name, folder, or the beginning of its key; or a folder of diffusers (UNet2DModel)',
    )
    .option('--at <step>', 'weights that training.keep kept at this step, not the last ones', count)
    .option('--threads <n>', 'threads to compute with (default: one for each core)', count);
  return addRuns(command);
}

/** Adds `--runs`. */
export function addRuns(command: Command): Command {
  return command.option('--runs <folder>', 'folder of all runs (default: runs/ of the project around)');
}

/** The folder of all runs. */
export function rootOf({ runs }: { readonly runs?: string }): string {
  return runs ?? defaultRoot();
}

/** Adds the settings of what is measured: those of the run, unless a preset is named, with changes. */
export function addMeasureSettings(command: Command, example: string): Command {
  const names = Object.keys(presets);
  const preset = new Option('--preset <name>', "data, probe and sampling of a preset, not the run's own");
  return addSettings(command.addOption(preset.choices(names)), example);
}

/** The settings that measuring has; those that determine the weights are the run's. */
export type MeasureSettings = Pick<ExperimentConfig, 'data' | 'probe' | 'sampling'>;

/** A model in the hands of a command. */
export interface CommandModel {
  readonly opened: OpenModel;
  /** The model with its weights in place, for the library's measures; shows progress and can be interrupted. */
  readonly measured: MeasuredModel;
  readonly settings: MeasureSettings;
}

/** Opens the model, lets `work` use it, and frees it. */
export async function withModel<T>(flags: ModelFlags, work: (model: CommandModel) => Promise<T>): Promise<T> {
  const { openModel, measurable } = library();
  const opened = await openModel(flags.model, { root: rootOf(flags), step: flags.at });
  const settings = settingsOf(opened, flags);
  const bars = showStages({ curve: settings.probe.sigmas.length, samples: settings.sampling.count });
  const { seed, threads } = flags;
  const model = measurable(opened, { seed, threads, onProgress: bars.onProgress });
  try {
    return await interruptible(signal => work({ opened, settings, measured: { ...model, signal } }));
  } finally {
    bars.finish();
    model.dispose();
  }
}

/** The images that the model is measured on, divided as its seed says; `trainingSize` is that of the part `train`. */
export async function imagesFor(
  { measured, settings }: CommandModel,
  trainingSize: number,
): Promise<DataSplit> {
  const { loadShowing, splitData } = library();
  const images = await loadShowing(settings.data, measured.signal);
  return splitData(images, settings.data, trainingSize, measured.seed);
}

function settingsOf({ experiment }: OpenModel, { preset, set }: ModelFlags): MeasureSettings {
  const own = preset === undefined ? experiment?.config : undefined;
  const { data, probe, sampling }: ExperimentConfig = own ?? presets[preset ?? 'digits'];
  return withChanges<MeasureSettings>({ data, probe, sampling }, parseSettings(set));
}
