/** Your own images: a folder, or a tar archive of one, with a folder of PNG or JPEG files for each class. */
import { tf } from '../engine/tensorflow';
import { classFolders } from './class-folders';
import { createDataset, type Dataset, type ImageShape, pixelCount } from './dataset';
import { type FileSource, filesIn, type LoadOptions, nameOf } from './files';
import { requireSize, resizeToCover } from './resize';

/** How images are read. */
export interface ImageFolderOptions extends LoadOptions {
  /** Height and width that every image is brought to: scaled to cover it and cut at the middle. Default: as they are. */
  readonly size?: readonly [height: number, width: number];
  /** One channel instead of three. Default false. */
  readonly gray?: boolean;
}

/** Memory of all images together, at most. */
const maxBytes = 2 ** 32;

/**
 * Reads `<class>/<image>` from a folder or a .tar or .tar.gz archive: classes and images in the order of their names, so
 * class after class (`split` mixes them). Where there are folders `train` and `test` above the classes (or `val` for
 * `test`), the data set is divided as they are. Files that are not named .png, .jpg or .jpeg are left out, and so is what
 * begins with a dot. An archive is decoded file by file and never unpacked.
 *
 * @example
 * const flowers = await loadImageFolder('data/flowers', { size: [32, 32] });
 * const { pool, test } = split(flowers, { pool: 1000, seed: 1 });
 *
 * @returns a data set named after the folder or archive, its pixels of 8 bits; transparency is dropped, a camera's orientation mark ignored
 * @throws Error before decoding when there is no such folder, no image, or fewer than two classes with images, or an
 *   archive holds links or paths that lead out of it; later, naming the file, when an image is damaged or (without `size`)
 *   of another size than the first
 */
export async function loadImageFolder(location: string, options: ImageFolderOptions = {}): Promise<Dataset> {
  if (options.size !== undefined) requireSize(options.size);
  return loadImageFiles(filesIn(location), options);
}

/** As {@link loadImageFolder}, of files that are known already. */
export async function loadImageFiles(files: FileSource, options: ImageFolderOptions): Promise<Dataset> {
  const { size, gray = false, onProgress, signal } = options;
  const { location } = files;
  const { classNames, images, trainCount } = classFolders(await files.list(), location);
  const places = new Map(images.map(({ path }, i) => [path, i]));
  const whole = (path: string) => `${location}/${path}`;
  let first: { readonly shape: ImageShape; readonly path: string } | undefined;
  let pixels: Uint8Array = new Uint8Array();
  let done = 0;
  for await (const { path, bytes } of files.read(new Set(places.keys()))) {
    signal?.throwIfAborted();
    const { shape, values } = decodeImage(bytes, gray, size, whole(path));
    if (!first) pixels = allocate(images.length, shape, location);
    first ??= { shape, path: whole(path) };
    requireShape(shape, whole(path), first.shape, first.path);
    pixels.set(values, places.get(path)! * values.length);
    done++;
    onProgress?.({ what: 'images', done, total: images.length });
  }
  if (!first || done < images.length)
    throw new Error(`${location} changed while it was read. Load it again.`);
  const labels = Int32Array.from(images, image => image.label);
  return createDataset({
    name: nameOf(files),
    imageShape: first.shape,
    images: pixels,
    labels,
    classNames,
    trainCount,
  });
}

/**
 * The 8-bit pixels of an image file, [H, W, C].
 * @throws Error naming the file when it is damaged
 */
export function decodeImage(
  bytes: Uint8Array,
  gray: boolean,
  size: ImageFolderOptions['size'],
  path: string,
): { shape: ImageShape; values: Uint8Array } {
  const image = tf.tidy(() => {
    const decoded = decode(bytes, gray ? 1 : 3, path);
    if (!size) return decoded;
    const resized = resizeToCover(decoded.expandDims(0), size).squeeze<tf.Tensor3D>([0]);
    // Filtered pixels lie between the levels of 8 bits, and may leave their range by a rounding error.
    return resized.clipByValue(0, 255).round() as tf.Tensor3D;
  });
  const values = new Uint8Array(image.dataSync());
  image.dispose();
  return { shape: image.shape, values };
}

function decode(bytes: Uint8Array, channels: number, path: string): tf.Tensor3D {
  try {
    return tf.node.decodeImage(bytes, channels, 'int32', false) as tf.Tensor3D;
  } catch (cause) {
    throw new Error(`The image ${path} is damaged, or not a PNG or JPEG. Replace or remove it.`, { cause });
  }
}

function allocate(count: number, shape: ImageShape, location: string): Uint8Array {
  const bytes = count * pixelCount(shape);
  if (bytes > maxBytes) {
    throw new RangeError(
      `${location} holds ${count} images of ${shape.join(' x ')}: ${Math.ceil(bytes / 2 ** 30)} GB in memory, more than the ${maxBytes / 2 ** 30} that are allowed. Give a smaller size.`,
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
