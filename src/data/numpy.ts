/** NumPy arrays as a data set: images and labels in one .npz, or in .npy files beside each other. */
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { explainFileError } from '../store/atomic';
import { decodeNpy, type NpyArray, readNpy } from '../store/npy';
import { createDataset, type Dataset, type ImageShape } from './dataset';

/** Names of arrays that belong together: ours, MedMNIST's, Keras's, and the shortest. */
const namings = [
  ['images', 'labels', 'test_images', 'test_labels'],
  ['train_images', 'train_labels', 'test_images', 'test_labels'],
  ['x_train', 'y_train', 'x_test', 'y_test'],
  ['x', 'y', 'x_test', 'y_test'],
] as const;

/** Arrays by name. */
interface Arrays {
  /** The file that holds, or would hold, the array of this name. */
  locationOf(name: string): string;
  has(name: string): boolean;
  read(name: string): Promise<NpyArray>;
}

/** Images and labels of one part. */
interface Part {
  readonly imageShape: ImageShape;
  readonly images: Uint8Array | Float32Array;
  readonly labels: Int32Array;
}

/**
 * Reads images, uint8 (0 to 255) or float32 (-1 to 1), NHWC or without channels [N, H, W], and integer labels [N] or
 * [N, 1] that count from 0. The arrays are called `images` and `labels`, and `test_images` and `test_labels` where the data
 * are divided; so are MedMNIST's (`train_images`) and Keras's (`x_train`, `y_train`), and `x` and `y`.
 * @param file a .npz, or the .npy of the images with that of the labels in the same folder
 * @returns a data set named after the file, its classes called by their numbers
 * @throws Error naming file and array when one is missing, damaged, or of another type or shape
 */
export async function loadNumpy(file: string): Promise<Dataset> {
  const arrays = /\.npz$/i.test(file) ? await arraysIn(file) : arraysBeside(file);
  const names = namings.find(([images]) => arrays.has(images));
  if (!names) {
    const known = namings.map(([images, labels]) => `${images} and ${labels}`).join(', or ');
    throw new Error(`${file} holds no images under a known name. Call the arrays ${known}.`);
  }
  const [images, labels, testImages, testLabels] = names;
  const train = await readPart(arrays, images, labels);
  const isDivided = arrays.has(testImages) || arrays.has(testLabels);
  const test = isDivided ? await readPart(arrays, testImages, testLabels) : undefined;
  const name = path.basename(file).replace(/\.np[yz]$/i, '');
  return createDataset({ name, ...joined(train, test, file) });
}

/** The arrays of a .npz: a zip archive of .npy files. */
async function arraysIn(file: string): Promise<Arrays> {
  const bytes = await fs.readFile(file).catch((error: unknown) => {
    throw explainFileError(error, file, 'read');
  });
  const entries = unzipped(bytes, file);
  const locationOf = (name: string) => `${file}/${name}.npy`;
  return {
    locationOf,
    has: name => Object.hasOwn(entries, `${name}.npy`),
    read: name => Promise.resolve(decodeNpy(entries[`${name}.npy`], locationOf(name))),
  };
}

function unzipped(bytes: Uint8Array, file: string): Record<string, Uint8Array> {
  const known = new Set(namings.flatMap(names => names.map(name => `${name}.npy`)));
  try {
    return unzipSync(bytes, { filter: ({ name }) => known.has(name) });
  } catch (cause) {
    throw new Error(
      `${file} is damaged, truncated or no .npz (${(cause as Error).message}). Copy it again.`,
      {
        cause,
      },
    );
  }
}

/** The .npy files of the folder that the given one is in; the given one decides what the others are called. */
function arraysBeside(file: string): Arrays {
  const given = path.basename(file).replace(/\.npy$/i, '');
  const locationOf = (name: string) => path.join(path.dirname(file), `${name}.npy`);
  const isFirst = (name: string) => namings.some(([images]) => images === name);
  return {
    locationOf,
    has: name => (isFirst(name) ? name === given : existsSync(locationOf(name))),
    read: name => readNpy(locationOf(name)),
  };
}

async function readPart(arrays: Arrays, imagesName: string, labelsName: string): Promise<Part> {
  const missing = [imagesName, labelsName].find(name => !arrays.has(name));
  if (missing !== undefined) {
    throw new Error(`There is no ${arrays.locationOf(missing)}: images and labels come in pairs.`);
  }
  const { imageShape, images } = requireImages(await arrays.read(imagesName), arrays.locationOf(imagesName));
  const labels = requireLabels(await arrays.read(labelsName), arrays.locationOf(labelsName));
  return { imageShape, images, labels };
}

function requireImages({ shape, values }: NpyArray, location: string) {
  const [, height, width, channels = 1] = shape;
  const isImages = shape.length === 3 || shape.length === 4;
  if (!isImages || !(values instanceof Uint8Array || values instanceof Float32Array)) {
    throw new Error(
      `${location} holds ${describe(values)} of shape [${shape.join(', ')}], but images are uint8 or float32, [N, H, W, C] or [N, H, W].`,
    );
  }
  return { imageShape: [height, width, channels] as const, images: values };
}

function requireLabels({ shape, values }: NpyArray, location: string): Int32Array {
  const isList = shape.length === 1 || (shape.length === 2 && shape[1] === 1);
  if (!isList || values instanceof Float32Array || values instanceof Float64Array) {
    throw new Error(
      `${location} holds ${describe(values)} of shape [${shape.join(', ')}], but labels are integers, one an image: [N].`,
    );
  }
  return Int32Array.from(values as ArrayLike<number | bigint>, Number);
}

/** float32 of a Float32Array. */
const describe = (values: object) => values.constructor.name.replace(/^Big|Array$/g, '').toLowerCase();

function joined(train: Part, test: Part | undefined, file: string) {
  const labels = test ? Int32Array.from([...train.labels, ...test.labels]) : train.labels;
  const classes = labels.reduce((most, label) => Math.max(most, label + 1), 0);
  const classNames = Array.from({ length: classes }, (_, label) => String(label));
  if (!test) return { ...train, classNames };
  if (test.imageShape.join() !== train.imageShape.join() || kindOf(test) !== kindOf(train)) {
    throw new Error(
      `In ${file}, images to train on are ${describe(train.images)} of ${train.imageShape.join(' x ')}, but those to test with ${describe(test.images)} of ${test.imageShape.join(' x ')}.`,
    );
  }
  const { imageShape } = train;
  const images = concatenated(train.images, test.images);
  return { imageShape, images, labels, classNames, trainCount: train.labels.length };
}

const kindOf = ({ images }: Part) => images.constructor;

function concatenated(a: Part['images'], b: Part['images']): Part['images'] {
  const length = a.length + b.length;
  const all = a instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
