/** One model of a grid as a job: a shell command, a name, and how its output is read. */
import path from 'node:path';
import type { Dataset } from '../data/dataset';
import { keyOf } from '../store/keys';
import type { GridCell } from './grid';
import type { ModelProgress } from './measures';
import { flatSettings } from './settings';
import { type ModelCell, prepareModel } from './train-model';

/**
 * The command line that trains and measures one model of a grid, from any folder, on a machine that has this project and the
 * folder of runs at the same paths.
 */
export function cellCommand({ preset, changes, root, fresh }: GridCell & ModelCell): string {
  const settings = flatSettings(changes).filter(([, value]) => value !== undefined);
  const words = [
    ...['node', path.join(__dirname, '../../src/cli/unimodal.cjs')], // the same from src/experiments and dist/experiments
    ...['sweep', '--preset', preset],
    ...settings.flatMap(([name, value]) => ['--set', `${name}=${JSON.stringify(value)}`]),
    ...['--runs', root],
    ...(fresh ? ['--fresh'] : []),
  ];
  return words.map(quoted).join(' ');
}

/**
 * A name by which the job is found again: the run's, and a key of what is measured and where it is kept.
 * @param images all of the configuration
 */
export async function cellName(cell: ModelCell, images: Dataset): Promise<string> {
  const { run } = await prepareModel(cell, { images });
  const { probe, sampling } = cell.config;
  return `${run.name}-${keyOf({ run: run.key, probe, sampling, root: cell.root })}`;
}

/** Reads how far a job is off the lines that {@link cellCommand} writes: "seed 0: 300/3,000 steps, 10 %, loss 0.211". */
export function progressReader(): (line: string) => ModelProgress {
  let share = 0;
  return line => {
    const [, percent] = /steps, (\d+) %/.exec(line) ?? [];
    if (percent !== undefined) share = Number(percent) / 100;
    return { stage: 'training', share, detail: line };
  };
}

/** A word that a POSIX shell reads as it is. */
function quoted(word: string): string {
  return /^[\w./:=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
