/** `unimodal sweep`: a grid of models. */
import { type Command, Option } from 'commander';
import type { Grid } from '../experiments/grid';
import { presets } from '../experiments/presets';
import { merged } from '../experiments/settings';
import type { SweepRow } from '../experiments/sweep-rows';
import { readText } from '../store/record';
import { interruptible } from './shared/interrupt';
import { library } from './shared/library';
import { addRuns, rootOf } from './shared/model';
import { addExamples, addJson, type OutputFlags, printResult, textTable } from './shared/output';
import { addSettings, parseAxes, parseSettings } from './shared/settings';
import { collect, count, number } from './shared/values';

interface SweepFlags extends OutputFlags {
  readonly preset?: keyof typeof presets;
  readonly set?: readonly string[];
  readonly over?: readonly string[];
  readonly runs?: string;
  readonly on: 'local' | 'ray';
  readonly address: string;
  readonly cpus: number;
  readonly gpus: number;
  readonly workers?: number;
  readonly fresh?: boolean;
  readonly print?: boolean;
}

export function addSweepCommand(program: Command): void {
  const command = program
    .command('sweep')
    .description('trains and measures a grid of models, each once; goes on where an interrupted sweep was')
    .argument(
      '[grid.json]',
      'a grid: {"preset": ..., "training": {...}, "over": {"network.channels": [8, 16]}}',
    )
    .addOption(new Option('--preset <name>', 'where the settings start from').choices(Object.keys(presets)));
  addSettings(command, 'training.steps=500')
    .option('--over <key=values>', 'an axis of the grid, such as network.channels=8,16; repeatable', collect)
    .addOption(
      new Option('--on <where>', 'where models are computed').choices(['local', 'ray']).default('local'),
    )
    .option('--address <url>', "of Ray's dashboard", 'http://127.0.0.1:8265')
    .option('--cpus <n>', 'on Ray: processor cores of each model', number, 1)
    .option('--gpus <n>', 'on Ray: GPUs of each model', number, 0)
    .option('--workers <n>', 'models at a time (default: one for each GPU, or else for each core)', count)
    .option('--fresh', 'train and measure anew what is there already')
    .option('--print', 'only print a shell command for each model, for a job scheduler')
    .action(sweepGrid);
  addJson(addRuns(command));
  addExamples(command, [
    'sweep --over trainingSize=32,1000 --set training.steps=500',
    'sweep --over trainingSize=32,1000 --over network.channels=8,16 --over seed=0,1 --print',
  ]);
}

async function sweepGrid(file: string | undefined, flags: SweepFlags): Promise<void> {
  const grid = await gridOf(file, flags);
  const { requireComplete, sweep, sweepCommands, sweepRows } = library();
  const { workers, fresh, address, cpus, gpus } = flags;
  const ray = flags.on === 'ray' ? { address, cpus, gpus } : undefined;
  const root = rootOf(flags);
  if (flags.print) {
    const commands = await sweepCommands({ ...grid, root, fresh });
    return printResult(flags, commands, commands.join('\n'));
  }
  const result = await interruptible(signal => sweep({ ...grid, root, fresh, ray, workers, signal }));
  const rows = sweepRows(result);
  if (rows.length > 0) printResult(flags, rows, tableOf(rows));
  requireComplete(result);
}

/** The grid of the file, with what the options say besides. */
async function gridOf(file: string | undefined, flags: SweepFlags): Promise<Grid> {
  const { preset, over, ...changes } = file === undefined ? {} : await readGrid(file);
  return {
    ...merged(changes, parseSettings(flags.set)),
    preset: flags.preset ?? preset,
    over: { ...over, ...parseAxes(flags.over) },
  };
}

async function readGrid(file: string): Promise<Grid> {
  const text = await readText(file);
  if (text === undefined) throw new Error(`There is no file ${file}.`);
  try {
    return JSON.parse(text) as Grid;
  } catch (error) {
    throw new Error(`${file} is no JSON: ${(error as Error).message}`, { cause: error });
  }
}

function tableOf(rows: readonly SweepRow[]): string {
  const columns = Object.keys(rows[0]);
  return textTable(
    columns,
    rows.map(row => columns.map(column => String(row[column]))),
  );
}
