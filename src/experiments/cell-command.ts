/** One model of a grid as a shell command: for job schedulers. */
import path from 'node:path';
import type { GridCell } from './grid';
import { flatSettings } from './settings';
import type { ModelCell } from './train-model';

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

/** A word that a POSIX shell reads as it is. */
function quoted(word: string): string {
  return /^[\w./:=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
