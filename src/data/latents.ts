/**
 * A latent space without training: each patch of an image becomes its first principal components (a linear autoencoder). What a
 * latent diffusion model's autoencoder does for photographs, at the size of digits.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { TensorValue } from '../engine/values';
import { createDataset, type Dataset, imagesOf, type ImageShape } from './dataset';

/** How patches become latents. */
export interface LatentOptions {
  /** Height and width of a patch in pixels; divides the images'. */
  readonly patch: number;
  /** Principal components that are kept, at most patch * patch * channels of the image. */
  readonly channels: number;
}

/** From images to latents and back. */
export interface LatentSpace {
  /** Share of the patches' variance that the latents keep, 0 to 1. */
  readonly kept: number;
  /** Images [N, H, W, C] as latents [N, H / patch, W / patch, channels] in [-1, 1], of one scale for all; those outside are clipped. */
  encode(images: Dataset): Dataset;
  /**
   * The images [N, H, W, C] of latents [N, H / patch, W / patch, channels].
   * @throws RangeError for latents of another shape
   */
  decode(latents: TensorValue): TensorValue;
}

/**
 * Fits the space to images; their labels are not used.
 *
 * @example
 * const space = fitLatents(pool, { patch: 2, channels: 3 });
 * const latents = space.encode(images);
 *
 * @throws RangeError when the patch does not divide the images, or there are not so many components
 */
export function fitLatents(images: Dataset, { patch, channels }: LatentOptions): LatentSpace {
  const { imageShape } = images;
  requireOptions(imageShape, patch, channels);
  const size = patch * patch * imageShape[2];
  const latentShape = [imageShape[0] / patch, imageShape[1] / patch, channels] as const;
  const values = toPatches(images, patch);
  const mean = new Float64Array(size);
  values.forEach((value, i) => (mean[i % size] += value));
  mean.forEach((total, j) => (mean[j] = (total * size) / values.length));
  const { components, variances } = principalComponents(values, mean);
  const basis = components.slice(0, channels);
  const projected = project(values, mean, basis);
  const scale = 1 / projected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, value) => total + value, 0);
  return {
    kept: sum(variances.slice(0, channels)) / sum(variances),
    encode(dataset) {
      if (dataset.imageShape.join() !== imageShape.join()) {
        throw new RangeError(
          `The latent space is one of images ${imageShape.join(' x ')}, not ${dataset.imageShape.join(' x ')}.`,
        );
      }
      const latents = project(toPatches(dataset, patch), mean, basis);
      return createDataset({
        ...dataset,
        name: `${dataset.name}-latents`,
        imageShape: latentShape,
        images: latents.map(value => Math.min(1, Math.max(-1, value * scale))),
        maximum: undefined,
        masks: undefined,
      });
    },
    decode({ values: latents, shape: [count, ...rest] }) {
      if (rest.join() !== latentShape.join()) {
        throw new RangeError(
          `Latents of this space are [N, ${latentShape.join(', ')}], not [${[count, ...rest].join(', ')}].`,
        );
      }
      const patches = new Float32Array((latents.length / channels) * size);
      for (let p = 0; p < latents.length / channels; p++) {
        for (let j = 0; j < size; j++) {
          let value = mean[j];
          for (let c = 0; c < channels; c++) value += (latents[p * channels + c] / scale) * basis[c][j];
          patches[p * size + j] = value;
        }
      }
      return {
        dtype: 'float32',
        shape: [count, ...imageShape],
        values: fromPatches(patches, imageShape, patch),
      };
    },
  };
}

function requireOptions([height, width, depth]: ImageShape, patch: number, channels: number): void {
  if (!Number.isInteger(patch) || patch < 1 || height % patch !== 0 || width % patch !== 0) {
    throw new RangeError(
      `Images of ${height} x ${width} have no whole patches of ${patch} x ${patch}: give a size that divides them.`,
    );
  }
  const most = patch * patch * depth;
  if (!Number.isInteger(channels) || channels < 1 || channels > most) {
    throw new RangeError(`Patches of ${most} numbers have 1 to ${most} components, not ${channels}.`);
  }
}

/** The index of each number of an image [H, W, C] in its patches, which lie row by row. */
function patchIndices([height, width, depth]: ImageShape, patch: number): Int32Array {
  const indices = new Int32Array(height * width * depth);
  const columns = width / patch;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const place = Math.floor(y / patch) * columns + Math.floor(x / patch);
      const inside = (y % patch) * patch + (x % patch);
      for (let c = 0; c < depth; c++)
        indices[(y * width + x) * depth + c] = (place * patch * patch + inside) * depth + c;
    }
  }
  return indices;
}

function toPatches(images: Dataset, patch: number): Float32Array {
  const indices = patchIndices(images.imageShape, patch);
  const { values } = imagesOf(images);
  const patches = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const within = i % indices.length;
    patches[i - within + indices[within]] = values[i];
  }
  return patches;
}

function fromPatches(patches: Float32Array, imageShape: ImageShape, patch: number): Float32Array {
  const indices = patchIndices(imageShape, patch);
  return patches.map((_, i) => {
    const within = i % indices.length;
    return patches[i - within + indices[within]];
  });
}

/** Eigenvectors of the patches' covariance, the largest variance first. */
function principalComponents(values: Float32Array, mean: Float64Array) {
  const size = mean.length;
  const covariance = Matrix.zeros(size, size);
  for (let start = 0; start < values.length; start += size) {
    for (let i = 0; i < size; i++) {
      const centred = values[start + i] - mean[i];
      for (let j = 0; j < size; j++)
        covariance.set(i, j, covariance.get(i, j) + centred * (values[start + j] - mean[j]));
    }
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(covariance, {
    assumeSymmetric: true,
  });
  const order = [...realEigenvalues.keys()].sort((a, b) => realEigenvalues[b] - realEigenvalues[a]);
  return {
    components: order.map(i => eigenvectorMatrix.getColumn(i)),
    variances: order.map(i => realEigenvalues[i]),
  };
}

function project(
  values: Float32Array,
  mean: Float64Array,
  basis: readonly (readonly number[])[],
): Float32Array {
  const size = mean.length;
  const projected = new Float32Array((values.length / size) * basis.length);
  for (let i = 0; i < projected.length; i++) {
    const start = Math.floor(i / basis.length) * size;
    const component = basis[i % basis.length];
    let sum = 0;
    for (let j = 0; j < size; j++) sum += (values[start + j] - mean[j]) * component[j];
    projected[i] = sum;
  }
  return projected;
}
