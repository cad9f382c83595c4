import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cifar10, cifar100, type CifarFormat, cifarFormatOf, loadCifar } from '../../src/data/cifar';
import { filesIn } from '../../src/data/files';
import { tarGzOf } from './archives';

const root = mkdtempSync(path.join(tmpdir(), 'cifar-'));
afterAll(() => rmSync(root, { recursive: true }));

const plane = 1024;
/** Image i of all: red i, green 100 + i, blue grows along the row-major pixels; label (i, i % 3). */
function record(i: number, labelBytes: number): number[] {
  const planes = [Array<number>(plane).fill(i), Array<number>(plane).fill(100 + i)];
  const blue = Array.from({ length: plane }, (_, pixel) => pixel % 251);
  return [...(labelBytes === 2 ? [200] : []), i % 3, ...planes.flat(), ...blue];
}
const records = (from: number, count: number, labelBytes: number) =>
  Uint8Array.from(Array.from({ length: count }, (_, i) => record(from + i, labelBytes)).flat());

const small: CifarFormat = {
  ...cifar10,
  files: [
    ['data_batch_1.bin', 4],
    ['data_batch_2.bin', 3],
    ['test_batch.bin', 2],
  ],
};
const content = {
  'cifar-10-batches-bin/test_batch.bin': records(7, 2, 1),
  'cifar-10-batches-bin/data_batch_2.bin': records(4, 3, 1),
  'cifar-10-batches-bin/data_batch_1.bin': records(0, 4, 1),
  'cifar-10-batches-bin/batches.meta.txt': 'airplane\nautomobile\nbird\n\n',
};

async function archiveOf(name: string, files: Record<string, Uint8Array | string>, format = small) {
  const bytes = await tarGzOf(files);
  const location = path.join(root, name);
  writeFileSync(location, bytes);
  return { location, format: { ...format, md5: createHash('md5').update(bytes).digest('hex') } };
}

describe('loadCifar', () => {
  it('reads records of planes in the order of the files, the test part last', async () => {
    const { location, format } = await archiveOf('whole.tar.gz', content);
    const seen: number[] = [];
    const data = await loadCifar(format, { location, onProgress: ({ done }) => seen.push(done) });
    expect(data).toMatchObject({ name: 'cifar10', imageShape: [32, 32, 3], count: 9, trainCount: 7 });
    expect(data.classNames).toEqual(['airplane', 'automobile', 'bird']);
    expect([...data.labels]).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
    const pixel = (i: number, p: number) => [
      ...data.images.subarray(3 * (i * plane + p), 3 * (i * plane + p + 1)),
    ];
    expect(pixel(0, 0)).toEqual([0, 100, 0]);
    expect(pixel(5, 33)).toEqual([5, 105, 33]);
    expect(pixel(8, 1023)).toEqual([8, 108, 1023 % 251]);
    expect(seen).toEqual([4, 7, 9]);
  });

  it('reads the second label of CIFAR-100, and a folder as the archive', async () => {
    const folder = path.join(root, 'cifar-100-binary');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'train.bin'), records(0, 4, 2));
    writeFileSync(path.join(folder, 'test.bin'), records(4, 2, 2));
    writeFileSync(path.join(folder, 'fine_label_names.txt'), 'apple\naquarium_fish\nbaby\n');
    const files = [
      ['train.bin', 4],
      ['test.bin', 2],
    ] as const;
    const data = await loadCifar({ ...cifar100, files }, { location: folder });
    expect(data).toMatchObject({ name: 'cifar100', count: 6, trainCount: 4 });
    expect([...data.labels]).toEqual([0, 1, 2, 0, 1, 2]);
    expect([...data.images.subarray(0, 3)]).toEqual([0, 100, 0]);
    expect(await cifarFormatOf(filesIn(folder))).toBe(cifar100);
  });

  it('has the official numbers of images, by the sizes of its records', () => {
    const total = ({ files }: CifarFormat) => files.reduce((sum, [, count]) => sum + count, 0);
    expect([total(cifar10), total(cifar100)]).toEqual([60_000, 60_000]);
  });

  it('refuses an archive whose checksum is another, naming both', async () => {
    const { location } = await archiveOf('other.tar.gz', content);
    await expect(loadCifar(small, { location })).rejects.toThrow(
      /other.tar.gz is not the published file: its MD5 is [0-9a-f]{32}, expected c32a1d4ab5d03f1284b67883e8d87530/,
    );
  });

  it('refuses missing files, files of another length, and labels without a class', async () => {
    const { 'cifar-10-batches-bin/test_batch.bin': test, ...missing } = content;
    const cases: [string, Record<string, Uint8Array | string>, RegExp][] = [
      ['missing', missing, /missing.tar.gz has no test_batch.bin/],
      [
        'short',
        { ...missing, 'cifar-10-batches-bin/test_batch.bin': test.subarray(0, 5000) },
        /short.tar.gz\/test_batch.bin has 5000 bytes, but 2 images take 6146/,
      ],
      [
        'unnamed',
        { ...content, 'cifar-10-batches-bin/batches.meta.txt': 'airplane\nbird\n' },
        /label 2, but there are 2/,
      ],
    ];
    for (const [name, files, message] of cases) {
      const { location, format } = await archiveOf(`${name}.tar.gz`, files);
      await expect(loadCifar(format, { location })).rejects.toThrow(message);
    }
  });
});
