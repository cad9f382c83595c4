/** Features: a network's inner activations, by layer name, for images at a noise level. */
import type { Dataset, Images } from '../data/dataset';
import { imagesOf } from '../data/dataset';
import type { Denoiser } from '../diffusion/denoiser';
import { requireSigma } from '../diffusion/denoiser';
import { requireLayers } from '../diffusion/network';
import { compile } from '../engine/compile';
import { randomNormal } from '../engine/random';
import { tf } from '../engine/tensorflow';
import type { TensorValue } from '../engine/values';
import { float32, float32Scalar, int32Scalar } from '../engine/values';
import type { Variables } from '../engine/variables';
import { pool, requirePooling, type Pooling } from './pooling';

/** What the network is shown: `x + sigma * noise`, or the clean `x` while it is told the level sigma. */
export type NetworkInput = 'noisy' | 'clean';

/** What an extractor is made for; one extractor serves many noise levels and images. */
export interface FeatureExtractorOptions {
  readonly denoiser: Denoiser;
  /** The network's parameters by name. */
  readonly variables: Variables;
  /** Names of the activations, see `denoiser.network.layers`. */
  readonly layers: readonly string[];
  /** Default 'mean'. */
  readonly pooling?: Pooling;
  /** Default 'noisy'. */
  readonly input?: NetworkInput;
  /** Seed of the noise, an integer. Default 0. */
  readonly seed?: number;
  /** Images that go through the network together, at most; changes speed and memory only. Default 200. */
  readonly batchSize?: number;
}

/** One pass over images. */
export interface FeatureRequest {
  /** A data set, or float32 [N, H, W, C] in [-1, 1]. */
  readonly images: Dataset | TensorValue;
  /** Noise level, positive. */
  readonly sigma: number;
  /** Which of the independent noise draws of the seed; the noise of an image depends on (seed, draw, index) alone. Default 0. */
  readonly draw?: number;
  /** Stops between batches: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Features by layer, float32 [N, F] each. */
export type Features = Record<string, TensorValue>;

/** Extracts features of given images at a given noise level. */
export type FeatureExtractor = (request: FeatureRequest) => Promise<Features>;

/** Noise is drawn for this many images at a time, so that it does not depend on the batch size. */
const noiseBlock = 50;
/** Noise blocks of one draw, at most: 2^20 * 50 images. Draws times this stay below 2^31. */
const blocksPerDraw = 2 ** 20;

/**
 * Features of images at one noise level: see {@link featureExtractor} for many.
 *
 * @example
 * const { '8x8_up': h } = await features({ denoiser, variables, images: test, sigma: 0.15, layers: ['8x8_up'] });
 *
 * @throws RangeError as featureExtractor does
 */
export function features(options: FeatureExtractorOptions & FeatureRequest): Promise<Features> {
  return featureExtractor(options)(options);
}

/**
 * A function that extracts features, recorded once for all noise levels, draws and images. Activations are pooled before
 * they leave TensorFlow, so memory holds a batch of them at most.
 * @throws RangeError on an unknown layer, pooling or input, or no layer; later, on images of another shape, a sigma that
 *   is not positive, or a draw that is not an integer from 0 to 2,047
 */
export function featureExtractor(options: FeatureExtractorOptions): FeatureExtractor {
  const { denoiser, variables, layers, batchSize = 200 } = options;
  requireOptions(options);
  const run = compile(inputs => pooledActivations(options, inputs), { variables });
  const largestBatch = Math.ceil(batchSize / noiseBlock) * noiseBlock;

  return async ({ images, sigma, draw = 0, signal }) => {
    const given = requireImages(images, denoiser);
    requireSigma(sigma);
    requireDraw(draw);
    const [count] = given.shape;
    const collected: Record<string, Float32Array> = {};
    for (const { start, batch } of batchesOf(given, largestBatch)) {
      signal?.throwIfAborted();
      const pooled = await run({
        images: batch,
        sigma: float32Scalar(sigma),
        block: int32Scalar(draw * blocksPerDraw + start / noiseBlock),
      });
      for (const layer of layers) collect(collected, layer, pooled[layer], start, count);
    }
    return Object.fromEntries(
      Object.entries(collected).map(([layer, values]) => [
        layer,
        float32(values, [count, values.length / count]),
      ]),
    );
  };
}

/** Batches of equal size, so that one recording serves all: the last one is filled up with zeros. */
function* batchesOf({ values, shape }: Images, largest: number) {
  const [count, ...imageShape] = shape;
  const rows = Math.min(count, largest);
  const size = values.length / count;
  for (let start = 0; start < count; start += rows) {
    const batch = new Float32Array(rows * size);
    batch.set(values.subarray(start * size, (start + rows) * size));
    yield { start, batch: float32(batch, [rows, ...imageShape]) };
  }
}

/** Puts the features of a batch [B, F] in their place among those of all `count` images, without the fill. */
function collect(
  collected: Record<string, Float32Array>,
  layer: string,
  { values, shape: [, width] }: TensorValue,
  start: number,
  count: number,
): void {
  const all = (collected[layer] ??= new Float32Array(count * width));
  all.set(values.subarray(0, all.length - start * width), start * width);
}

/** What is recorded: `images` [B, H, W, C], scalars `sigma` and `block` -> features [B, F] by layer. */
function pooledActivations(options: FeatureExtractorOptions, inputs: Record<string, tf.Tensor>) {
  const { denoiser, variables, layers, input = 'noisy', pooling = 'mean', seed = 0 } = options;
  const images = inputs.images as tf.Tensor4D;
  const x =
    input === 'clean'
      ? images
      : images.add<tf.Tensor4D>(noiseFor(images, seed, inputs.block as tf.Scalar).mul(inputs.sigma));
  const sigma = tf.ones<tf.Rank.R1>([images.shape[0]]).mul<tf.Tensor1D>(inputs.sigma); // [B]
  const { activations } = denoiser.denoise(variables.tensors, x, sigma, layers);
  return Object.fromEntries(layers.map(layer => [layer, pool(activations[layer], pooling)]));
}

/** Standard normal noise for a batch [B, H, W, C] whose first image begins the given noise block. */
function noiseFor(images: tf.Tensor4D, seed: number, block: tf.Scalar): tf.Tensor {
  const [batch, ...imageShape] = images.shape;
  const blocks = Array.from({ length: Math.ceil(batch / noiseBlock) }, (_, i) =>
    randomNormal([noiseBlock, ...imageShape], seed, block.add<tf.Scalar>(tf.scalar(i, 'int32'))),
  );
  return tf.concat(blocks, 0).slice(0, batch);
}

function requireOptions({
  denoiser,
  layers,
  pooling,
  input,
  seed,
  batchSize,
}: FeatureExtractorOptions): void {
  if (layers.length === 0) {
    throw new RangeError(
      `Name at least one layer. The network's layers are: ${denoiser.network.layers.join(', ')}.`,
    );
  }
  requireLayers(denoiser.network, layers);
  if (pooling !== undefined) requirePooling(pooling);
  if (input !== undefined && input !== 'noisy' && input !== 'clean') {
    throw new RangeError(`The network's input is 'noisy' or 'clean', not '${String(input)}'.`);
  }
  if (seed !== undefined && !Number.isInteger(seed)) {
    throw new RangeError(`The seed of the noise is an integer, not ${seed}.`);
  }
  if (batchSize !== undefined && (!Number.isInteger(batchSize) || batchSize < 1)) {
    throw new RangeError(`The batch size is a whole number of at least 1, not ${batchSize}.`);
  }
}

function requireImages(images: Dataset | TensorValue, { network }: Denoiser): Images {
  const { shape, values } = 'imageShape' in images ? imagesOf(images) : images;
  const expected = network.imageShape.join(', ');
  if (!(values instanceof Float32Array) || shape.length !== 4 || shape.slice(1).join(', ') !== expected) {
    throw new RangeError(
      `The network takes float32 images of shape [N, ${expected}], but these are [${shape.join(', ')}].`,
    );
  }
  if (shape[0] < 1) throw new RangeError('There are no images to extract features of.');
  return { dtype: 'float32', shape, values };
}

function requireDraw(draw: number): void {
  if (!Number.isInteger(draw) || draw < 0 || draw >= 2 ** 31 / blocksPerDraw) {
    throw new RangeError(
      `A noise draw is numbered 0 to ${2 ** 31 / blocksPerDraw - 1}, so ${draw} cannot be drawn.`,
    );
  }
}
