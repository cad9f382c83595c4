/** Your own segmented images: a folder, or a tar archive of one, with `images` and `masks` of the same names. */
import { basename } from 'node:path';
import { type DataPart, dataParts, imageName } from './class-folders';
import { createDataset, type Dataset, type ImageShape, pixelCount } from './dataset';
import { type FileSource, filesIn, type LoadOptions, nameOf } from './files';
import { decodeImage } from './folder';
import { requireSize } from './resize';

/** Images and the class of each pixel. */
export type SegmentedParts = Omit<Dataset, 'count' | 'labels' | 'masks'> & {
  /** [N, H, W]: indices into `classNames`; 0 is the background. */
  readonly masks: Uint8Array;
};

/**
 * A data set of segmented images. Its labels are the class that most pixels of an image have, the background apart.
 * @throws RangeError as createDataset does
 */
export function segmentedDataset({ masks, classNames, ...parts }: SegmentedParts): Dataset {
  const [height, width] = parts.imageShape;
  const count = parts.images.length / pixelCount(parts.imageShape);
  const labels = Int32Array.from({ length: count }, (_, i) =>
    mostFrequent(masks.subarray(i * height * width, (i + 1) * height * width), classNames.length),
  );
  return createDataset({ ...parts, labels, classNames, masks: { values: masks, classNames } });
}

function mostFrequent(mask: Uint8Array, classes: number): number {
  const counts = new Int32Array(classes);
  for (const value of mask) if (value > 0) counts[value]++;
  return counts.indexOf(Math.max(...counts));
}

/** How segmented images are read. */
export interface LoadSegmentedOptions extends LoadOptions {
  /** Height and width that images and masks are brought to: scaled to cover it and cut at the middle. Default: as they are. */
  readonly size?: readonly [height: number, width: number];
  /** One channel instead of three. Default false. */
  readonly gray?: boolean;
  /** Names of the classes, the background first. Default: background, class 1, class 2, ... */
  readonly classNames?: readonly string[];
}

/** The folder right around a file. */
const folderOf = (path: string) => path.split('/').at(-2);

/** Whether the image files of a folder or archive are segmented images; other files don't count. */
export function isSegmented(paths: readonly string[]): boolean {
  const images = paths.filter(path => imageName.test(path));
  return images.length > 0 && images.every(path => ['images', 'masks'].includes(folderOf(path) ?? ''));
}

/**
 * Reads `images/<name>.png` (or .jpg) and `masks/<name>.png` from a folder or a .tar or .tar.gz archive. A mask is a gray PNG
 * of 8 bits whose pixel is the class, 0 for the background. Masks are resized by their nearest pixel. Where there are folders
 * `train` and `test` above `images` and `masks` (or `val` for `test`), the data set is divided as they are.
 * @throws Error when there is an image without a mask or the other way round, or two of one name, or a file is damaged, or an
 *   image of another size than its mask or (without `size`) than the first
 */
export async function loadSegmented(location: string, options: LoadSegmentedOptions = {}): Promise<Dataset> {
  if (options.size !== undefined) requireSize(options.size);
  return loadSegmentedFiles(filesIn(location), options);
}

/** As {@link loadSegmented}, of files that are known already. */
export async function loadSegmentedFiles(files: FileSource, options: LoadSegmentedOptions): Promise<Dataset> {
  const { size, gray = false, onProgress, signal } = options;
  const [train, test] = dataParts(await files.list(), files.location).map(pairsOf);
  const pairs = [...train, ...(test ?? [])];
  const places = new Map(pairs.flatMap(({ image, mask }, i) => [[image, i] as const, [mask, i] as const]));
  const images: Uint8Array[] = [];
  const masks: Uint8Array[] = [];
  let shape: Dataset['imageShape'] | undefined;
  let done = 0;
  for await (const { path, bytes } of files.read(new Set(places.keys()))) {
    signal?.throwIfAborted();
    const whole = `${files.location}/${path}`;
    const isMask = folderOf(path) === 'masks';
    const { shape: own, values } = isMask
      ? decodeMask(bytes, size, whole)
      : decodeImage(bytes, gray, size, whole);
    if (shape && (own[0] !== shape[0] || own[1] !== shape[1])) {
      throw new Error(
        `${whole} is ${own[0]} x ${own[1]} pixels, another file ${shape[0]} x ${shape[1]}. Give a size to bring all to: { size: [${shape[0]}, ${shape[1]}] }.`,
      );
    }
    shape = isMask ? (shape ?? [own[0], own[1], gray ? 1 : 3]) : own;
    (isMask ? masks : images)[places.get(path)!] = values;
    onProgress?.({ what: 'images', done: ++done, total: places.size });
  }
  const values = Uint8Array.from(Buffer.concat(masks));
  return segmentedDataset({
    name: nameOf(files),
    imageShape: shape!,
    images: Uint8Array.from(Buffer.concat(images)),
    masks: values,
    classNames: options.classNames ?? defaultNames(values),
    trainCount: test && train.length,
  });
}

/** Images with their masks, in the order of their names. */
function pairsOf(part: DataPart): { image: string; mask: string }[] {
  const { location } = part;
  const [images, masks] = [pathsByName(part, 'images'), pathsByName(part, 'masks')];
  const alone =
    [...images.keys()].find(name => !masks.has(name)) ?? [...masks.keys()].find(name => !images.has(name));
  if (alone !== undefined || images.size === 0) {
    throw new Error(
      `${location} needs images/<name>.png and masks/<name>.png of the same names${alone === undefined ? ', but has no images' : `, but "${alone}" is only one of them`}.`,
    );
  }
  return [...images.keys()].sort().map(name => ({ image: images.get(name)!, mask: masks.get(name)! }));
}

/** Image files in folders `folder` by what an image and its mask have in common: their path without that folder and the ending. */
function pathsByName({ files, location }: DataPart, folder: 'images' | 'masks'): Map<string, string> {
  const found = new Map<string, string>();
  for (const { path, parts } of files) {
    if (folderOf(path) !== folder || !imageName.test(path)) continue;
    const name = [...parts.slice(0, -2), basename(path).replace(imageName, '')].join('/');
    const other = found.get(name);
    if (other !== undefined) {
      throw new Error(
        `${location} holds two ${folder} of the name "${name}": ${other} and ${path}. Rename or remove one of them.`,
      );
    }
    found.set(name, path);
  }
  return found;
}

/** Bit depth and colour type of a PNG: its header's bytes 24 and 25 (W3C PNG, 11.2.1); gray of 8 bits is 8 and 0. */
const isGrayPng = (bytes: Uint8Array) => bytes[1] === 0x50 && bytes[24] === 8 && bytes[25] === 0;

function decodeMask(
  bytes: Uint8Array,
  size: LoadSegmentedOptions['size'],
  path: string,
): { shape: ImageShape; values: Uint8Array } {
  if (!isGrayPng(bytes)) {
    throw new Error(
      `The mask ${path} is not a gray PNG of 8 bits. Save it as one, each pixel the number of its class.`,
    );
  }
  const mask = decodeImage(bytes, true, undefined, path);
  return size ? nearest(mask, size) : mask;
}

/** A mask scaled to cover a size and cut at the middle, each pixel the nearest one that there was. */
function nearest(
  { shape: [fromHeight, fromWidth], values }: { shape: ImageShape; values: Uint8Array },
  [height, width]: readonly [number, number],
): { shape: ImageShape; values: Uint8Array } {
  const scale = Math.max(height / fromHeight, width / fromWidth);
  const place = (i: number, length: number, from: number) => {
    const at = Math.floor((i + 0.5 - (length - scale * from) / 2) / scale);
    return Math.min(from - 1, Math.max(0, at));
  };
  const resized = Uint8Array.from({ length: height * width }, (_, i) => {
    const row = place(Math.floor(i / width), height, fromHeight);
    return values[row * fromWidth + place(i % width, width, fromWidth)];
  });
  return { shape: [height, width, 1], values: resized };
}

function defaultNames(masks: Uint8Array): string[] {
  const classes = 1 + masks.reduce((most, value) => Math.max(most, value), 1);
  return Array.from({ length: classes }, (_, i) => (i === 0 ? 'background' : `class ${i}`));
}
