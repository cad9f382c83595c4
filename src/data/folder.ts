/** Your own images: a folder with a folder of PNG or JPEG files for each class. */
import { readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { tf } from '../engine/tensorflow';
import { createDataset, type Dataset, type ImageShape, pixelCount } from './dataset';
import { resizeToCover } from './resize';

/** How images are read. */
export interface ImageFolderOptions {
  /** Height and width that every image is brought to: scaled to cover it and cut at the middle. Default: as they are. */
  readonly size?: readonly [height: number, width: number];
  /** One channel instead of three. Default false. */
  readonly gray?: boolean;
  /** Called after each image. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Stops between images: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

interface ImageFile {
  readonly path: string;
  readonly label: number;
}

const imageName = /\.(png|jpe?g)$/i;
/** Memory of all images together, at most. */
const maxBytes = 2 ** 32;

/**
 * Reads `folder/<class>/<image>`: classes and images in the order of their names, so class after class (`split` mixes
 * them). Files that are not named .png, .jpg or .jpeg are left out, and so is what begins with a dot.
 *
 * @example
 * const flowers = await loadImageFolder('data/flowers', { size: [32, 32] });
 * const { pool, test } = split(flowers, { pool: 1000, seed: 1 });
 *
 * @returns a data set named after the folder, its pixels of 8 bits; transparency is dropped, a camera's orientation mark ignored
 * @throws Error before decoding when there is no such folder, no image, or fewer than two classes with images; later,
 *   naming the file, when an image is damaged or (without `size`) of another size than the first
 */
export async function loadImageFolder(folder: string, options: ImageFolderOptions = {}): Promise<Dataset> {
  const { size, gray = false, onProgress, signal } = options;
  if (size && !size.every(length => Number.isInteger(length) && length > 0)) {
    throw new RangeError(`The size is [height, width] in whole pixels, not [${size.join(', ')}].`);
  }
  const classNames = classFolders(folder);
  const files = classNames.flatMap((name, label) => imageFiles(join(folder, name), label));
  const first = await readImage(files[0].path, gray, size); // every class has images
  const images = allocate(files.length, first.shape, folder);
  for (const [i, { path }] of files.entries()) {
    signal?.throwIfAborted();
    const { shape, values } = await readImage(path, gray, size);
    requireShape(shape, path, first.shape, files[0].path);
    images.set(values, i * values.length);
    onProgress?.({ done: i + 1, total: files.length });
  }
  return createDataset({
    name: basename(resolve(folder)),
    imageShape: first.shape,
    images,
    labels: Int32Array.from(files, file => file.label),
    classNames,
  });
}

/** The folders in a folder, by name; refused when they cannot be classes. */
function classFolders(folder: string): string[] {
  const names = visibleNames(folder);
  const folders = names.filter(name => statSync(join(folder, name)).isDirectory());
  if (folders.length > 0 && folders.every(name => ['train', 'test', 'val', 'validation'].includes(name))) {
    throw new Error(
      `${folder} holds the parts ${folders.join(', ')} rather than classes. Load one of them: ${join(folder, folders[0])}.`,
    );
  }
  if (folders.length < 2) {
    const found =
      folders.length === 1
        ? `the one folder "${folders[0]}"`
        : `${names.filter(name => imageName.test(name)).length} images and no folders`;
    throw new Error(
      `${folder} needs a folder of images for each of at least two classes, but it has ${found}. Sort the images into folders named after their classes.`,
    );
  }
  return folders;
}

function imageFiles(folder: string, label: number): ImageFile[] {
  const names = visibleNames(folder).filter(name => imageName.test(name));
  if (names.length === 0) {
    throw new Error(
      `The class folder ${folder} has no .png, .jpg or .jpeg files. Add images, or remove the folder.`,
    );
  }
  return names.map(name => ({ path: join(folder, name), label }));
}

function visibleNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter(name => !name.startsWith('.'))
      .sort();
  } catch (cause) {
    throw new Error(`Cannot read the folder ${folder}. Does it exist, and may you read it?`, { cause });
  }
}

/** The 8-bit pixels of an image file, [H, W, C]. */
async function readImage(
  path: string,
  gray: boolean,
  size?: readonly [number, number],
): Promise<{ shape: ImageShape; values: Uint8Array }> {
  const bytes = await readFile(path);
  return tf.tidy(() => {
    let image = decode(bytes, gray ? 1 : 3, path);
    // Filtered pixels lie between the levels of 8 bits, and may leave their range by a rounding error.
    if (size) image = resizeToCover(image, size).clipByValue(0, 255).round() as tf.Tensor3D;
    return { shape: image.shape, values: Uint8Array.from(image.dataSync()) };
  });
}

function decode(bytes: Uint8Array, channels: number, path: string): tf.Tensor3D {
  try {
    return tf.node.decodeImage(bytes, channels, 'int32', false) as tf.Tensor3D;
  } catch (cause) {
    throw new Error(`The image ${path} is damaged, or not a PNG or JPEG. Replace or remove it.`, { cause });
  }
}

function allocate(count: number, shape: ImageShape, folder: string): Uint8Array {
  const bytes = count * pixelCount(shape);
  if (bytes > maxBytes) {
    throw new RangeError(
      `${folder} holds ${count} images of ${shape.join(' x ')}: ${Math.ceil(bytes / 2 ** 30)} GB in memory, more than the ${maxBytes / 2 ** 30} that are allowed. Give a smaller size.`,
    );
  }
  return new Uint8Array(bytes);
}

function requireShape(shape: ImageShape, path: string, first: ImageShape, firstPath: string): void {
  if (shape.join() !== first.join()) {
    throw new Error(
      `The image ${path} is ${shape[0]} x ${shape[1]} pixels, but ${firstPath} is ${first[0]} x ${first[1]}. Give a size to bring all images to: { size: [${first[0]}, ${first[1]}] }.`,
    );
  }
}
