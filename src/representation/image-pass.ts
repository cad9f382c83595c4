/** One pass of images through a denoiser: noise drawn, batches of equal size, results collected by name. */
import type { Dataset } from '../data/dataset';
import { imagesOf } from '../data/dataset';
import type { Denoiser, DenoiserResult } from '../diffusion/denoiser';
import { requirePositiveInteger, requireSigma } from '../diffusion/denoiser';
import { compile } from '../engine/compile';
import { randomNormal } from '../engine/random';
import { tf } from '../engine/tensorflow';
import type { TensorValue } from '../engine/values';
import { float32, float32Scalar, int32Scalar, sizeOf } from '../engine/values';
import type { Variables } from '../engine/variables';

/** What the network is shown: `x + sigma * noise`, or the clean `x` while it is told the level sigma. */
export type NetworkInput = 'noisy' | 'clean';

/** The model and the noise that images are passed through. */
export interface ImagePassOptions {
  readonly denoiser: Denoiser;
  /** The network's parameters by name. */
  readonly variables: Variables;
  /** Default 'noisy'. */
  readonly input?: NetworkInput;
  /** Seed of the noise, an integer. Default 0. */
  readonly seed?: number;
  /** Images that go through the network together, at most; changes speed and memory only. Default 200. */
  readonly batchSize?: number;
}

/** One pass over images. */
export interface ImagePassRequest {
  /** A data set, or float32 [N, H, W, C] in [-1, 1]. */
  readonly images: Dataset | TensorValue;
  /** Noise level, positive. */
  readonly sigma: number;
  /** Which of the independent noise draws of the seed; the noise of an image depends on (seed, draw, index) alone. Default 0. */
  readonly draw?: number;
  /** Stops between batches: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What is kept of a batch: the network's input x [B, H, W, C] and the denoiser's result -> tensors [B, ...] by name. */
export type Kept = (x: tf.Tensor4D, result: DenoiserResult) => Record<string, tf.Tensor>;

/** Noise is drawn for this many images at a time, so that it does not depend on the batch size. */
const noiseBlock = 50;
/** Noise blocks of one draw, at most: 2^20 * 50 images. Draws times this stay below 2^31. */
const blocksPerDraw = 2 ** 20;
/** Numbers that one pass may keep under one name (512 MB as float32): probes hold several copies in float64. */
const keptNumbers = 2 ** 27;

/**
 * A function that passes images through a denoiser, recorded once for all noise levels, draws and images. Of each batch only
 * what `kept` returns leaves TensorFlow.
 * @param layers activations that `kept` needs
 * @returns a function from a request to tensor values [N, ...] by name
 * @throws RangeError on an unknown input, seed or batch size; later, on images of another shape, a sigma that is not
 *   positive, a draw that is not an integer from 0 to 2,047, or when more than 2^27 numbers would be kept under one name
 */
export function imagePass(
  options: ImagePassOptions,
  layers: readonly string[],
  kept: Kept,
): (request: ImagePassRequest) => Promise<Record<string, TensorValue>> {
  const { denoiser, variables, batchSize = 200 } = options;
  requireOptions(options);
  const run = compile(inputs => passOfBatch(options, layers, kept, inputs), { variables });
  const largestBatch = Math.ceil(batchSize / noiseBlock) * noiseBlock;

  return async ({ images, sigma, draw = 0, signal }) => {
    const given = sourceOf(images, denoiser);
    requireSigma(sigma);
    requireDraw(draw);
    const { count } = given;
    const collected: Record<string, TensorValue> = {};
    for (const { start, batch } of batchesOf(given, largestBatch)) {
      signal?.throwIfAborted();
      const results = await run({
        images: batch,
        sigma: float32Scalar(sigma),
        block: int32Scalar(draw * blocksPerDraw + start / noiseBlock),
      });
      for (const [name, result] of Object.entries(results)) {
        collect((collected[name] ??= room(name, result, count)), result, start);
      }
    }
    return collected;
  };
}

/** What is recorded: `images` [B, H, W, C], scalars `sigma` and `block` -> what is kept, [B, ...]. */
function passOfBatch(
  { denoiser, variables, input = 'noisy', seed = 0 }: ImagePassOptions,
  layers: readonly string[],
  kept: Kept,
  inputs: Record<string, tf.Tensor>,
): Record<string, tf.Tensor> {
  const images = inputs.images as tf.Tensor4D;
  const x =
    input === 'clean'
      ? images
      : images.add<tf.Tensor4D>(noiseFor(images, seed, inputs.block as tf.Scalar).mul(inputs.sigma));
  const sigma = tf.ones<tf.Rank.R1>([images.shape[0]]).mul<tf.Tensor1D>(inputs.sigma); // [B]
  return kept(x, denoiser.denoise(variables.tensors, x, sigma, layers));
}

/** Batches of equal size, so that one recording serves all: the last one is filled up with zeros. */
function* batchesOf({ count, imageShape, range }: ImageSource, largest: number) {
  const rows = Math.min(count, largest);
  const shape = [rows, ...imageShape];
  for (let start = 0; start < count; start += rows) {
    const batch = new Float32Array(sizeOf(shape));
    batch.set(range(start, Math.min(count, start + rows)));
    yield { start, batch: float32(batch, shape) };
  }
}

/** Room for the results of all `count` images, given those of one batch. */
function room(name: string, { shape: [, ...rest] }: TensorValue, count: number): TensorValue {
  const size = count * sizeOf(rest);
  if (size > keptNumbers) {
    throw new RangeError(
      `'${name}' of ${count} images would hold ${size} numbers; at most ${keptNumbers} are kept. Pool the features ('mean' or '2x2'), or use fewer images.`,
    );
  }
  return float32(new Float32Array(size), [count, ...rest]);
}

/** Puts the results of a batch [B, ...] in their place among those of all images, without the fill. */
function collect(all: TensorValue, { values, shape: [rows] }: TensorValue, start: number): void {
  const size = values.length / rows;
  all.values.set(values.subarray(0, all.values.length - start * size), start * size);
}

/** Standard normal noise for a batch [B, H, W, C] whose first image begins the given noise block. */
function noiseFor(images: tf.Tensor4D, seed: number, block: tf.Scalar): tf.Tensor {
  const [batch, ...imageShape] = images.shape;
  const blocks = Array.from({ length: Math.ceil(batch / noiseBlock) }, (_, i) =>
    randomNormal([noiseBlock, ...imageShape], seed, block.add<tf.Scalar>(tf.scalar(i, 'int32'))),
  );
  return tf.concat(blocks, 0).slice(0, batch);
}

function requireOptions({ input, seed, batchSize }: ImagePassOptions): void {
  if (input !== undefined && input !== 'noisy' && input !== 'clean') {
    throw new RangeError(`The network's input is 'noisy' or 'clean', not '${String(input)}'.`);
  }
  if (seed !== undefined && !Number.isInteger(seed)) {
    throw new RangeError(`The seed of the noise is an integer, not ${seed}.`);
  }
  if (batchSize !== undefined) requirePositiveInteger(batchSize, 'The batch size');
}

/** Images that are taken a range at a time: those of a data set may be stored as 8-bit pixels. */
interface ImageSource {
  readonly count: number;
  readonly imageShape: readonly number[];
  /** Pixels of the images start .. end - 1, as float32. */
  readonly range: (start: number, end: number) => Float32Array;
}

/** @throws RangeError unless there are images, of the shape that the network takes. */
export function requireImages(images: Dataset | TensorValue, denoiser: Denoiser): void {
  sourceOf(images, denoiser);
}

function sourceOf(images: Dataset | TensorValue, { network }: Denoiser): ImageSource {
  const source = 'imageShape' in images ? sourceOfDataset(images) : sourceOfTensor(images);
  const expected = network.imageShape.join(', ');
  if (source?.imageShape.join(', ') !== expected) {
    const given = 'imageShape' in images ? [images.count, ...images.imageShape] : images.shape;
    throw new RangeError(
      `The network takes float32 images of shape [N, ${expected}], but these are [${given.join(', ')}].`,
    );
  }
  if (source.count < 1) throw new RangeError('There are no images to pass through the network.');
  return source;
}

function sourceOfDataset(dataset: Dataset): ImageSource {
  const { count, imageShape } = dataset;
  const indices = Int32Array.from({ length: count }, (_, i) => i);
  return { count, imageShape, range: (start, end) => imagesOf(dataset, indices.subarray(start, end)).values };
}

function sourceOfTensor({ shape: [count, ...imageShape], values }: TensorValue): ImageSource | undefined {
  if (!(values instanceof Float32Array) || imageShape.length !== 3) return undefined;
  const size = sizeOf(imageShape);
  return { count, imageShape, range: (start, end) => values.subarray(start * size, end * size) };
}

function requireDraw(draw: number): void {
  if (!Number.isInteger(draw) || draw < 0 || draw >= 2 ** 31 / blocksPerDraw) {
    throw new RangeError(
      `A noise draw is numbered 0 to ${2 ** 31 / blocksPerDraw - 1}, so ${draw} cannot be drawn.`,
    );
  }
}
