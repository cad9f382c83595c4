/** Images in NumPy files: float32 [N, H, W, C]. */
import { type Command } from 'commander';
import path from 'node:path';
import type { TensorValue } from '../../engine/values';
import { requireWritable } from '../../store/atomic';
import { readNpy } from '../../store/npy';

/** Adds `--images`. */
export function addImages(command: Command, what: string): Command {
  return command.requiredOption('--images <file>', `${what}, a NumPy file: float32 [N, H, W, C] in [-1, 1]`);
}

/**
 * The images of a NumPy file.
 * @throws Error naming the file when it does not hold four-dimensional float32 (or float64, which is rounded) numbers, or
 *   holds one that is not finite
 */
export async function readImages(file: string): Promise<TensorValue> {
  const { shape, values } = await readNpy(file);
  const isFloat = values instanceof Float32Array || values instanceof Float64Array;
  if (!isFloat || shape.length !== 4) {
    const type = values.constructor.name.replace('Array', '').toLowerCase();
    throw new Error(
      `${file} holds ${type} numbers of shape [${shape.join(', ')}], but images are float32 [N, H, W, C] in [-1, 1]: bytes p become p / 127.5 - 1, and one image gets a first axis of 1.`,
    );
  }
  const wrong = values.findIndex(value => !Number.isFinite(value));
  if (wrong >= 0)
    throw new Error(`${file} holds ${values[wrong]} at position ${wrong}: pixels are finite numbers.`);
  return { dtype: 'float32', shape, values: Float32Array.from(values) };
}

/** Refuses an output file that can't be written, before work is done for it. @param endings such as ['.npy'] */
export async function requireOutput(file: string, endings: readonly string[]): Promise<void> {
  if (!endings.includes(path.extname(file).toLowerCase())) {
    throw new Error(`--out ${file}: name a file that ends in ${endings.join(' or ')}.`);
  }
  await requireWritable(path.dirname(file));
}
