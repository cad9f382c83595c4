/**
 * CIFAR-10 and CIFAR-100: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009. Read from the
 * "binary version" of https://www.cs.toronto.edu/~kriz/cifar.html: records of label bytes, then the 32x32 pixels in red,
 * in green, in blue, each plane row by row.
 */
import { basename } from 'node:path';
import { createDataset, type Dataset } from './dataset';
import { download, type DownloadOptions, requireChecksum } from './download';
import { type FileSource, filesIn, type LoadOptions } from './files';

/** What tells one such data set from another. */
export interface CifarFormat {
  readonly name: string;
  readonly url: string;
  /** Of the archive, as published beside it. */
  readonly md5: string;
  /** Files in order, with their number of images; the last one is the test part. */
  readonly files: readonly (readonly [name: string, images: number])[];
  /** Bytes before the pixels; the last one is the class. */
  readonly labelBytes: number;
  /** The file that names the classes, one a line. */
  readonly classNames: string;
}

export const cifar10: CifarFormat = {
  name: 'cifar10',
  url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
  md5: 'c32a1d4ab5d03f1284b67883e8d87530',
  files: [...[1, 2, 3, 4, 5].map(i => [`data_batch_${i}.bin`, 10_000] as const), ['test_batch.bin', 10_000]],
  labelBytes: 1,
  classNames: 'batches.meta.txt',
};

export const cifar100: CifarFormat = {
  name: 'cifar100',
  url: 'https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz',
  md5: '03b5dce01913d631647c71ecec9e9cb8',
  files: [
    ['train.bin', 50_000],
    ['test.bin', 10_000],
  ],
  labelBytes: 2,
  classNames: 'fine_label_names.txt',
};

const side = 32;
const plane = side * side;

/** Where the data come from. */
export interface CifarOptions extends DownloadOptions {
  /** The official archive, or the folder that it unpacks to. Default: downloaded once, and kept in the cache folder. */
  readonly location?: string;
}

/**
 * CIFAR-10: 60,000 images of 32x32x3 in ten classes, divided into 50,000 for training and 10,000 for testing.
 *
 * @example
 * const { pool, test } = split(await loadCifar10(), { pool: 20000, test: 6000, seed: 0 });
 *
 * @throws Error naming the file when the archive's checksum is not the published one, or files are missing or damaged; when
 *   the download fails, with what to do
 */
export function loadCifar10(options: CifarOptions = {}): Promise<Dataset> {
  return loadCifar(cifar10, options);
}

/** CIFAR-100: as CIFAR-10, with a hundred classes (the "fine" labels); see {@link loadCifar10}. */
export function loadCifar100(options: CifarOptions = {}): Promise<Dataset> {
  return loadCifar(cifar100, options);
}

/** A data set of the given format; see {@link loadCifar10}. */
export async function loadCifar(
  format: CifarFormat,
  { location, ...options }: CifarOptions,
): Promise<Dataset> {
  if (location !== undefined) return loadCifarFiles(format, filesIn(location), options);
  return readCifar(format, filesIn(await download(format.url, format.md5, options)), options);
}

/** As {@link loadCifar}, of files that are known already. */
export async function loadCifarFiles(
  format: CifarFormat,
  files: FileSource,
  options: LoadOptions,
): Promise<Dataset> {
  if (files.isArchive) await requireChecksum(files.location, format.md5, options.signal);
  return readCifar(format, files, options);
}

/** The format that the files are of, told by their names; undefined for anything else. */
export async function cifarFormatOf(files: FileSource): Promise<CifarFormat | undefined> {
  const names = new Set((await files.list()).map(path => basename(path)));
  return [cifar10, cifar100].find(format => format.files.every(([name]) => names.has(name)));
}

async function readCifar(format: CifarFormat, files: FileSource, options: LoadOptions): Promise<Dataset> {
  const { name, labelBytes } = format;
  const bytes = await contents(format, files);
  const classNames = bytes
    .get(format.classNames)!
    .toString('utf8')
    .split('\n')
    .map(line => line.trim());
  const total = format.files.reduce((sum, [, count]) => sum + count, 0);
  const images = new Uint8Array(total * 3 * plane);
  const labels = new Int32Array(total);
  let done = 0;
  for (const [file, count] of format.files) {
    options.signal?.throwIfAborted();
    const records = requireRecords(bytes.get(file)!, count, labelBytes, `${files.location}/${file}`);
    for (let i = 0; i < count; i++) {
      const record = records.subarray(i * (labelBytes + 3 * plane), (i + 1) * (labelBytes + 3 * plane));
      labels[done + i] = record[labelBytes - 1];
      interleave(record.subarray(labelBytes), images.subarray((done + i) * 3 * plane));
    }
    done += count;
    options.onProgress?.({ what: 'images', done, total });
  }
  const trainCount = total - format.files[format.files.length - 1][1];
  return createDataset({
    name,
    imageShape: [side, side, 3],
    images,
    labels,
    classNames: classNames.filter(line => line !== ''),
    trainCount,
  });
}

async function contents(
  { files, classNames }: CifarFormat,
  source: FileSource,
): Promise<Map<string, Buffer>> {
  const wanted = [...files.map(([name]) => name), classNames];
  const paths = (await source.list()).filter(path => wanted.includes(basename(path)));
  const found = new Map<string, Buffer>();
  for await (const { path, bytes } of source.read(new Set(paths))) found.set(basename(path), bytes);
  const missing = wanted.find(name => !found.has(name));
  if (missing !== undefined) {
    throw new Error(
      `${source.location} has no ${missing}. Is it the binary version of the data, and complete?`,
    );
  }
  return found;
}

function requireRecords(bytes: Buffer, count: number, labelBytes: number, path: string): Buffer {
  const expected = count * (labelBytes + 3 * plane);
  if (bytes.length === expected) return bytes;
  throw new Error(
    `${path} has ${bytes.length} bytes, but ${count} images take ${expected}. Get the file again.`,
  );
}

/** From planes [C, H, W] to pixels [H, W, C]. */
function interleave(planes: Uint8Array, pixels: Uint8Array): void {
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) pixels[3 * i + c] = planes[c * plane + i];
  }
}
