/** A run's trained weights: the last ones, and the averages kept at chosen steps. */
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { NamedValues } from '../engine/values';
import { errorCode } from './atomic';
import { fileOf, readRecord, type Run, writeRecord } from './record';
import { readSafetensors, saveSafetensors } from './safetensors';

/** Trained weights: as the optimizer left them, and their exponential moving average (what is measured). */
export interface Weights {
  readonly raw: NamedValues;
  readonly average: NamedValues;
}

const weightsName = 'weights.safetensors';
const checkpointNames = ['checkpoint.safetensors', 'checkpoint-before.safetensors'] as const;

/** Files of the last state of an unfinished training, and of the one before it. */
export function checkpointFiles(run: Run): { readonly last: string; readonly before: string } {
  const [last, before] = checkpointNames.map(name => fileOf(run, name));
  return { last, before };
}

/** Whether the training was completed and its weights are on the disk: removed by hand, they are trained again. */
export async function isFinished(run: Run): Promise<boolean> {
  return (await readRecord(run))?.status === 'finished' && existsSync(fileOf(run, weightsName));
}

/** Saves the weights, then declares the run finished and drops its checkpoints: in this order, so that finished is true. */
export async function finishRun(run: Run, weights: Weights): Promise<void> {
  const tensors = { ...prefixed('raw.', weights.raw), ...prefixed('ema.', weights.average) };
  await saveSafetensors(fileOf(run, weightsName), tensors, { key: run.key });
  const record = await readRecord(run);
  if (record === undefined) throw new Error(`${run.folder} has lost its run.json: train again.`);
  await writeRecord(run, { ...record, status: 'finished', finishedAt: new Date().toISOString() });
  for (const name of checkpointNames) await fs.rm(fileOf(run, name), { force: true });
}

/** The weights of a finished run. @throws Error naming the file when it is damaged or belongs to another run. */
export async function loadWeights(run: Run): Promise<Weights> {
  const tensors = await readOwn(run, fileOf(run, weightsName));
  return { raw: withoutPrefix('raw.', tensors), average: withoutPrefix('ema.', tensors) };
}

/** Keeps averaged weights as those of a step, whatever becomes of the training. */
export async function keepWeights(run: Run, step: number, average: NamedValues): Promise<void> {
  await saveSafetensors(keptFile(run, step), average, { key: run.key, step: String(step) });
}

/** Steps whose averaged weights were kept, in increasing order. */
export async function keptSteps(run: Run): Promise<number[]> {
  const names = await fs.readdir(fileOf(run, 'kept')).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  const steps = names.flatMap(name => /^(\d+)\.safetensors$/.exec(name)?.[1] ?? []);
  return steps.map(Number).sort((a, b) => a - b);
}

/**
 * The averaged weights that were kept at a step.
 * @throws RangeError naming the steps that there are; Error when the file is damaged or belongs to another run.
 */
export async function loadKeptWeights(run: Run, step: number): Promise<NamedValues> {
  const steps = await keptSteps(run);
  if (!steps.includes(step)) {
    const kept = steps.length > 0 ? `those of ${steps.join(', ')} were kept` : 'none were kept';
    throw new RangeError(
      `${run.name} has no weights of step ${step}: ${kept}. Which are is decided before training, by training.keep.`,
    );
  }
  return readOwn(run, keptFile(run, step));
}

function keptFile(run: Run, step: number): string {
  return fileOf(run, path.join('kept', `${step}.safetensors`));
}

async function readOwn(run: Run, file: string): Promise<NamedValues> {
  const { tensors, metadata } = await readSafetensors(file);
  if (metadata.key !== run.key) {
    throw new Error(`${file} belongs to another run (key ${metadata.key}): train again.`);
  }
  return tensors;
}

/** The tensors with `prefix` put before their names. */
export function prefixed(prefix: string, tensors: NamedValues): NamedValues {
  return Object.fromEntries(Object.entries(tensors).map(([name, value]) => [prefix + name, value]));
}

/** The tensors whose names start with `prefix`, named without it. */
export function withoutPrefix(prefix: string, tensors: NamedValues): NamedValues {
  const chosen = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(chosen.map(([name, value]) => [name.slice(prefix.length), value]));
}
