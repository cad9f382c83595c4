/** Where runs are kept. */
import { existsSync } from 'node:fs';
import path from 'node:path';

/**
 * Where runs are kept unless said otherwise: the folder that the environment variable UNIMODAL_RUNS names, else `runs` in the
 * project around the current folder (the nearest one upwards with a package.json), else `runs` in the current folder.
 */
export function defaultRoot(): string {
  if (process.env.UNIMODAL_RUNS) return path.resolve(process.env.UNIMODAL_RUNS);
  for (let folder = process.cwd(); ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'package.json'))) return path.join(folder, 'runs');
    if (folder === path.dirname(folder)) return path.resolve('runs');
  }
}
