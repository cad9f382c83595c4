/** Measures that are computed once: kept in the run's folder under a key of everything that they depend on. */
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { TensorValue } from '../engine/values';
import { errorCode, explainFileError, requireWritable, writeFileAtomically } from './atomic';
import { canonicalJson, keyOf } from './keys';
import { fileOf, formatVersion, readText, type Run } from './record';
import { defaultRoot } from './root';
import { DamagedFileError, loadSafetensors, saveSafetensors } from './safetensors';
import { decodeJson, encodeJson } from './typed-json';

/**
 * The value of a measure of the run: read from `results/<measure>-<key>.json` when it is there, else computed and saved.
 * Typed arrays and numbers come back exactly. A damaged file is computed anew, with a warning.
 * @param measure names the file: letters, digits, dashes.
 * @param dependsOn every setting that the value depends on besides the run's own configuration.
 * @throws Error before computing when `measure` can't name a file or the folder can't be written to; whatever `compute` throws.
 */
export async function cached<T>(
  run: Run,
  measure: string,
  dependsOn: object,
  compute: () => Promise<T>,
): Promise<T> {
  return readOrCompute(resultFile(run, measure, dependsOn, 'json'), measure, dependsOn, compute);
}

/**
 * As {@link cached}, for a value that belongs to no run: in `values/<name>-<key>.json` in the folder of all runs.
 *
 * @example
 * const snr = await keep('snr-overlapping', { model, sigmas }, () => theorySnr(createMolrg(model), { sigmas }));
 */
export async function keep<T>(
  name: string,
  dependsOn: object,
  compute: () => T | Promise<T>,
  { root = defaultRoot() }: { root?: string } = {},
): Promise<T> {
  const file = `${requireName(name)}-${keyOf({ formatVersion, dependsOn })}.json`;
  return readOrCompute(path.join(root, 'values', file), name, dependsOn, compute);
}

async function readOrCompute<T>(
  file: string,
  measure: string,
  dependsOn: object,
  compute: () => T | Promise<T>,
): Promise<T> {
  const saved = await readSaved(file);
  if (saved !== undefined) return saved.value as T;
  await requireWritable(path.dirname(file));
  const value = await compute();
  await writeFileAtomically(file, encodeJson({ measure, dependsOn, value }) + '\n');
  return value;
}

/**
 * As {@link cached}, for a tensor of any size: in `results/<measure>-<key>.safetensors`, where other programs find it under
 * the measure's name.
 */
export async function cachedTensor(
  run: Run,
  measure: string,
  dependsOn: object,
  compute: () => Promise<TensorValue>,
): Promise<TensorValue> {
  const file = resultFile(run, measure, dependsOn, 'safetensors');
  const saved = await readSavedTensor(file, measure);
  if (saved !== undefined) return saved;
  await requireWritable(path.dirname(file));
  const value = await compute();
  await saveSafetensors(file, { [measure]: value }, { dependsOn: canonicalJson(dependsOn) });
  return value;
}

function resultFile(run: Run, measure: string, dependsOn: object, extension: string): string {
  return fileOf(run, path.join('results', `${requireName(measure)}-${keyOf(dependsOn)}.${extension}`));
}

function requireName(name: string): string {
  if (/^[A-Za-z0-9-]+$/.test(name)) return name;
  throw new Error(`"${name}" can't name a result's file: use letters, digits and dashes.`);
}

/** A measure that is there. */
export interface SavedResult {
  readonly measure: string;
  readonly dependsOn: object;
  readonly value: unknown;
}

/** What is there of one measure, for whatever settings; damaged files are left out, with a warning. */
export async function listResults(run: Run, measure: string): Promise<SavedResult[]> {
  const folder = fileOf(run, 'results');
  const names = await fs.readdir(folder).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw explainFileError(error, folder, 'read');
  });
  const saved = names
    .filter(name => /^(.+)-[0-9a-f]{12}\.json$/.exec(name)?.[1] === measure)
    .sort()
    .map(name => readSaved(path.join(folder, name)));
  return (await Promise.all(saved)).filter(result => result !== undefined);
}

async function readSaved(file: string): Promise<SavedResult | undefined> {
  const text = await readText(file);
  if (text === undefined) return undefined;
  try {
    return decodeJson(text) as SavedResult;
  } catch {
    return warnOfDamage(file);
  }
}

async function readSavedTensor(file: string, measure: string): Promise<TensorValue | undefined> {
  if (!existsSync(file)) return undefined;
  try {
    return (await loadSafetensors(file))[measure];
  } catch (error) {
    if (!(error instanceof DamagedFileError)) throw error;
    return warnOfDamage(file);
  }
}

function warnOfDamage(file: string): undefined {
  console.warn(`${file} is damaged and is computed again.`);
}
