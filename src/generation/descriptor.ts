/** Descriptors: what generated and training images are compared by. Pixels, a model's features, or another's network. */
import path from 'node:path';
import { interruptSignal } from '../display/host';
import type { Variables } from '../engine/variables';
import { type Denoiser, requirePositiveInteger } from '../diffusion/denoiser';
import { typeNumbers } from '../engine/backend';
import { type ForeignGraph, type ForeignGraphOptions, loadForeignGraph } from '../engine/foreign-graph';
import { tf } from '../engine/tensorflow';
import { float32, sizeOf, type TensorValue } from '../engine/values';
import { featureExtractor } from '../representation/features';
import type { NetworkInput } from '../representation/image-pass';
import type { Pooling } from '../representation/pooling';

/** A vector of numbers for every image. */
export interface Descriptor {
  /** Shown with results: "pixels". */
  readonly name: string;
  /** A generated image with a larger cosine to a training image is called a copy. */
  readonly cosineThreshold: number;
  /** Whether cosines are taken after the training images' mean is removed. */
  readonly centred: boolean;
  /** Descriptors, float32 [N, F], of images [N, H, W, C] in [-1, 1]. */
  describe(images: TensorValue, options?: { signal?: AbortSignal }): Promise<TensorValue>;
}

/** The pixels themselves, clamped to [-1, 1]. Their cosine threshold is 0.9. */
export function pixelDescriptor(): Descriptor {
  return {
    name: 'pixels',
    cosineThreshold: 0.9,
    centred: true,
    describe: ({ values, shape: [count] }) =>
      Promise.resolve(
        float32(
          Float32Array.from(values, pixel => Math.min(Math.max(pixel, -1), 1)),
          [count, values.length / count],
        ),
      ),
  };
}

/** Where the model's features are read. */
export interface FeatureDescriptorOptions {
  readonly denoiser: Denoiser;
  readonly variables: Variables;
  /** Name of the activation. */
  readonly layer: string;
  /** The noise level that the network is told, and that is added where the input is noisy: where the probe is best. */
  readonly sigma: number;
  /** Default 'mean'. */
  readonly pooling?: Pooling;
  /** Default 'clean'. */
  readonly input?: NetworkInput;
  /** A generated image with a larger cosine is called a copy. Default 0.6, the paper's for its own descriptor. */
  readonly cosineThreshold?: number;
}

/**
 * A diffusion model's own features as descriptors, less their mean over the training images.
 * @throws RangeError on an unknown layer or pooling
 */
export function featureDescriptor(options: FeatureDescriptorOptions): Descriptor {
  const { layer, sigma, input = 'clean', cosineThreshold = 0.6 } = options;
  const extract = featureExtractor({ ...options, layers: [layer], input });
  return {
    name: `${layer} at sigma ${sigma}`,
    cosineThreshold,
    centred: true,
    describe: async (images, { signal } = {}) => (await extract({ images, sigma, signal }))[layer],
  };
}

/** How images are given to a network, and its output is read. */
export interface NetworkDescriptorOptions extends ForeignGraphOptions {
  /** Height and width that images are resized to (bilinear). Default: as they are. */
  readonly size?: readonly [height: number, width: number];
  /** Channels that the network takes: gray images are repeated. Default: as they are. */
  readonly channels?: number;
  /** What -1 and 1 become. Default [-1, 1]; of a network for 8-bit pixels [0, 255]. */
  readonly range?: readonly [low: number, high: number];
  /** Images at a time. Default 50. */
  readonly batchSize?: number;
  /** A generated image with a larger cosine is called a copy. Default 0.6, the paper's for SSCD. */
  readonly cosineThreshold?: number;
  /** Whether the training images' mean descriptor is removed first. Default false. */
  readonly centred?: boolean;
}

/** A network's descriptor, and how to free its memory. */
export interface NetworkDescriptor extends Descriptor {
  dispose(): void;
}

/**
 * A network that somebody else trained, from a frozen TensorFlow graph (.pb) or a SavedModel's folder, for instance the
 * Inception network of FID. Its output [N, ...] is flattened. Only ops that compute are run, see loadForeignGraph.
 *
 * @example
 * const inception = await loadDescriptor('inception.pb', {
 *   input: 'ExpandDims:0', output: 'pool_3:0', channels: 3, range: [0, 255],
 * });
 *
 * @throws RangeError on a batch size that is not a positive integer; Error when the graph can not be read, its input or output
 *   is unclear, or it uses an op that is not allowed
 */
export async function loadDescriptor(
  file: string,
  options: NetworkDescriptorOptions = {},
): Promise<NetworkDescriptor> {
  const { batchSize = 50, cosineThreshold = 0.6, centred = false } = options;
  requirePositiveInteger(batchSize, 'The batch size');
  const graph = await loadForeignGraph(file, options);
  return {
    name: path.basename(file),
    cosineThreshold,
    centred,
    dispose: () => graph.dispose(),
    describe: async (images, { signal = interruptSignal() } = {}) => {
      const parts: Float32Array[] = [];
      for (let start = 0; start < images.shape[0]; start += batchSize) {
        signal?.throwIfAborted();
        parts.push(await describeBatch(graph, rowsOf(images, start, start + batchSize), options));
      }
      return joined(parts, images.shape[0]);
    },
  };
}

async function describeBatch(
  graph: ForeignGraph,
  images: TensorValue,
  options: NetworkDescriptorOptions,
): Promise<Float32Array> {
  const { values, shape } = await graph.run(prepared(images, graph.inputType, options));
  if (!(values instanceof Float32Array) || shape[0] !== images.shape[0]) {
    throw new Error(
      `The output '${graph.output}' is [${shape.join(', ')}] for ${images.shape[0]} images; descriptors are one row of float32 numbers an image. Name another tensor as "output".`,
    );
  }
  return values;
}

/** Images as the network takes them. */
function prepared(images: TensorValue, dtype: number, options: NetworkDescriptorOptions) {
  const isBytes = dtype === typeNumbers.uint8;
  const { size, channels, range: [low, high] = isBytes ? [0, 255] : [-1, 1] } = options;
  const [count, height, width, given] = images.shape;
  return tf.tidy(() => {
    let x: tf.Tensor4D = tf.tensor4d(images.values, [count, height, width, given]);
    if (size) x = tf.image.resizeBilinear(x, [...size], false, true);
    if (channels !== undefined && channels !== given)
      x = x.tile<tf.Tensor4D>([1, 1, 1, repeatsOf(given, channels)]);
    x = x
      .add<tf.Tensor4D>(1)
      .mul<tf.Tensor4D>((high - low) / 2)
      .add<tf.Tensor4D>(low);
    if (isBytes) x = x.round().clipByValue(0, 255) as tf.Tensor4D;
    const values = x.dataSync<'float32'>();
    return { dtype, shape: x.shape, values: isBytes ? Uint8Array.from(values) : values };
  });
}

/** How often gray images are repeated to make `channels`. */
function repeatsOf(given: number, channels: number): number {
  if (given === 1) return channels;
  throw new RangeError(
    `Images of ${given} channels cannot become images of ${channels}; only gray ones can be repeated.`,
  );
}

function rowsOf({ values, shape: [count, ...rest] }: TensorValue, start: number, end: number): TensorValue {
  const size = sizeOf(rest);
  const stop = Math.min(end, count);
  return float32(values.slice(start * size, stop * size), [stop - start, ...rest]);
}

function joined(parts: readonly Float32Array[], count: number): TensorValue {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let filled = 0;
  for (const part of parts) {
    all.set(part, filled);
    filled += part.length;
  }
  return float32(all, [count, all.length / count]);
}
