/** How well a network's activations tell what each pixel belongs to, over the noise level (paper, Fig. 1b). */
import type { Dataset, Masks } from '../data/dataset';
import { requireSigmas } from '../diffusion/denoiser';
import { requireLayers } from '../diffusion/network';
import { deriveSeed } from '../engine/random';
import { tf } from '../engine/tensorflow';
import { float32, type TensorValue } from '../engine/values';
import { imagePass, requireImages, type ImagePassOptions, type NetworkInput } from './image-pass';
import { fitNormalization } from './normalization';
import { type PixelClassifierOptions, withPixelClassifier } from './pixel-classifier';

/** The model, its layers and noise levels, and the segmented images. */
export interface SegmentationOptions extends ImagePassOptions {
  /** Layers whose activations, brought to the size of the images, are a pixel's features together. */
  readonly layers: readonly string[];
  /** Noise levels, each positive. */
  readonly sigmas: readonly number[];
  /** Segmented images that the classifiers are trained on, with one noise draw each. */
  readonly train: Dataset;
  /** Segmented images that they are tested on, with another one. */
  readonly test: Dataset;
  /** Of how many test images, the first ones, the classes that were found are kept, to be shown. Default 0. */
  readonly shown?: number;
  /** Default: that of PixelClassifierOptions. */
  readonly classifier?: Omit<PixelClassifierOptions, 'seed' | 'signal'>;
  /** Called after each noise level. */
  readonly onProgress?: (progress: { done: number; total: number; sigma: number; meanIou: number }) => void;
  readonly signal?: AbortSignal;
}

/** What was found. Plain data. */
export interface SegmentationMeasurement {
  readonly layers: readonly string[];
  readonly input: NetworkInput;
  readonly sigmas: readonly number[];
  readonly classNames: readonly string[];
  /** For each noise level and test image: pixels of each class that were found, and that were found or are there. */
  readonly overlaps: readonly (readonly Overlap[])[];
  /** For each noise level: classes found in the first test images, [shown, H, W]. */
  readonly found: readonly (readonly number[])[];
}

/** Of one image, for each class: pixels that are right (intersection), and pixels given or having the class (union). */
export interface Overlap {
  readonly intersection: readonly number[];
  readonly union: readonly number[];
}

/**
 * Segmentation over the noise level: at each, the activations of the layers are brought to the images' size (bilinear) and
 * joined, an ensemble of small perceptrons is trained on the pixels of `train`, and its classes of the pixels of `test` are
 * compared with theirs.
 *
 * @example
 * const measured = await segmentationCurve({ denoiser, variables, layers: ['4x4_in0', '8x8_up', '16x16_up'], sigmas, train, test });
 * const values = meanIous(measured);
 *
 * @throws RangeError before any work when images come without masks, of another shape than the network's or of different classes, on
 *   an unknown layer, no noise level, or one that is not positive
 */
export async function segmentationCurve(options: SegmentationOptions): Promise<SegmentationMeasurement> {
  const { layers, sigmas, train, test, input = 'noisy', seed = 0, shown = 0 } = options;
  const { signal, onProgress } = options;
  requireLayers(options.denoiser.network, layers);
  requireSigmas(sigmas);
  for (const images of [train, test]) requireImages(images, options.denoiser);
  const [known, wanted] = [masksOf(train), masksOf(test)];
  if (known.classNames.join() !== wanted.classNames.join()) {
    throw new RangeError(`"${train.name}" and "${test.name}" are segmented into different classes.`);
  }
  const extract = pixelFeatures(options);
  const classNames = known.classNames;
  const classes = classNames.length;
  const keptPixels = (shown * wanted.values.length) / test.count;
  const measured = { layers: [...layers], input, sigmas: [...sigmas], classNames };
  const found: number[][] = [];
  const overlaps: Overlap[][] = [];
  for (const [s, sigma] of sigmas.entries()) {
    const ofTrain = await extract({ images: train, sigma, draw: 0, signal });
    const scale = standardization(ofTrain);
    const settings = { ...options.classifier, seed: deriveSeed(seed, 'segmentation'), signal };
    const given = await withPixelClassifier(scale(ofTrain), known.values, classes, settings, async classify =>
      classify(scale(await extract({ images: test, sigma, draw: 1, signal }))),
    );
    overlaps.push(overlapsOf(given, wanted.values, test.count, classes));
    found.push([...given.subarray(0, keptPixels)]);
    const [meanIou] = meanIous({ overlaps: [overlaps[s]] });
    onProgress?.({ done: s + 1, total: sigmas.length, sigma, meanIou });
  }
  return { ...measured, overlaps, found };
}

function masksOf({ name, masks }: Dataset): Masks {
  if (masks) return masks;
  throw new RangeError(
    `The images of "${name}" come without masks. Load segmented ones: 'canvases', or a folder with images/ and masks/.`,
  );
}

/** Features [pixels, F] of images: all layers, upsampled and joined. */
function pixelFeatures(options: SegmentationOptions) {
  const [height, width] = options.denoiser.network.imageShape;
  const pass = imagePass(options, options.layers, (_, { activations }) => {
    const upsampled = options.layers.map(layer =>
      tf.image.resizeBilinear(activations[layer] as tf.Tensor4D, [height, width], false, true),
    );
    return { pixels: tf.concat(upsampled, 3) }; // [B, H, W, F]
  });
  return async (request: Parameters<typeof pass>[0]): Promise<TensorValue> => {
    const { values, shape } = (await pass(request)).pixels;
    return float32(values, [shape[0] * height * width, shape[3]]);
  };
}

/** Brings features to the scale of the training pixels; float32 again, for TensorFlow. */
function standardization(training: TensorValue): (features: TensorValue) => TensorValue {
  const normalize = fitNormalization('standard', training);
  return features => float32(Float32Array.from(normalize(features).values), features.shape);
}

/** The overlaps of `count` images, given the classes [N, H, W] that were found and that are wanted. */
export function overlapsOf(
  found: ArrayLike<number>,
  wanted: ArrayLike<number>,
  count: number,
  classes: number,
): Overlap[] {
  const size = wanted.length / count;
  return Array.from({ length: count }, (_, image) => {
    const intersection = new Array<number>(classes).fill(0);
    const union = new Array<number>(classes).fill(0);
    for (let i = image * size; i < (image + 1) * size; i++) {
      union[wanted[i]]++;
      if (found[i] === wanted[i]) intersection[wanted[i]]++;
      else union[found[i]]++;
    }
    return { intersection, union };
  });
}

/**
 * The mean over the classes of intersection over union, at each noise level: pixels of all images counted together, classes that
 * neither occur nor were found left out.
 * @param images indices of the test images to count, an image as often as it is named; default: all
 */
export function meanIous(
  { overlaps }: Pick<SegmentationMeasurement, 'overlaps'>,
  images?: ArrayLike<number>,
): number[] {
  return overlaps.map(ofImages => {
    const chosen = images ? Array.from(images, i => ofImages[i]) : ofImages;
    const classes = ofImages[0].union.length;
    const intersection = new Float64Array(classes);
    const union = new Float64Array(classes);
    for (const overlap of chosen) {
      for (let k = 0; k < classes; k++) {
        intersection[k] += overlap.intersection[k];
        union[k] += overlap.union[k];
      }
    }
    const ious = [...intersection.keys()].filter(k => union[k] > 0).map(k => intersection[k] / union[k]);
    return ious.reduce((sum, iou) => sum + iou, 0) / ious.length;
  });
}
