import fs from 'node:fs/promises';
import path from 'node:path';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { imagesOf } from '../../src/data/dataset';
import { loadDataset } from '../../src/data/load';
import { loadSegmented } from '../../src/data/segmented';
import { withTemporaryFolder } from '../store/temporary';

/** A PNG of gray pixels, or of colours when `colorType` is 2. */
function png(pixels: readonly number[], width: number, colorType: 0 | 2 = 0): Buffer {
  const image = new PNG({ width, height: pixels.length / width });
  pixels.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i));
  return PNG.sync.write(image, { colorType });
}

async function withFolder(
  files: Record<string, Buffer>,
  work: (folder: string) => Promise<void>,
): Promise<void> {
  await withTemporaryFolder(async folder => {
    await fs.mkdir(`${folder}/images`);
    await fs.mkdir(`${folder}/masks`);
    for (const [name, bytes] of Object.entries(files)) {
      await fs.mkdir(path.dirname(`${folder}/${name}`), { recursive: true });
      await fs.writeFile(`${folder}/${name}`, bytes);
    }
    await work(folder);
  });
}

const pair = {
  'images/b.png': png([0, 255, 255, 0], 2, 2),
  'masks/b.png': png([0, 2, 2, 1], 2),
  'images/a.png': png([255, 255, 0, 0], 2, 2),
  'masks/a.png': png([0, 0, 1, 0], 2),
};

describe('a folder with images and masks', () => {
  it('is a data set by name, each pixel with its class, labelled by the largest one', async () => {
    await withFolder(pair, async folder => {
      const dataset = await loadDataset(folder);
      expect(dataset).toMatchObject({ count: 2, imageShape: [2, 2, 3], labels: Int32Array.of(1, 2) });
      expect(dataset.masks).toEqual({
        values: Uint8Array.of(0, 0, 1, 0, 0, 2, 2, 1),
        classNames: ['background', 'class 1', 'class 2'],
      });
      expect(Array.from(imagesOf(dataset).values.subarray(0, 3))).toEqual([1, 1, 1]);
    });
  });

  it('is brought to a size, masks without new classes', async () => {
    await withFolder(pair, async folder => {
      const { masks, imageShape } = await loadSegmented(folder, { size: [4, 4], gray: true });
      expect(imageShape).toEqual([4, 4, 1]);
      expect(Array.from(masks!.values.subarray(16))).toEqual([
        0, 0, 2, 2, 0, 0, 2, 2, 2, 2, 1, 1, 2, 2, 1, 1,
      ]);
    });
  });

  it('is divided by folders train and test, whose files may have the same names', async () => {
    const parts = {
      'train/images/1.png': png([0, 0, 0, 0], 2, 2),
      'train/masks/1.png': png([1, 1, 0, 0], 2),
      'train/images/2.png': png([51, 51, 51, 51], 2, 2),
      'train/masks/2.png': png([1, 1, 1, 0], 2),
      'test/images/1.png': png([255, 255, 255, 255], 2, 2),
      'test/masks/1.png': png([2, 2, 2, 2], 2),
    };
    await withFolder(parts, async folder => {
      const dataset = await loadDataset(folder);
      expect(dataset).toMatchObject({ count: 3, trainCount: 2, labels: Int32Array.of(1, 1, 2) });
      expect([0, 1, 2].map(i => dataset.images[12 * i])).toEqual([0, 51, 255]);
      expect([...dataset.masks!.values]).toEqual([1, 1, 0, 0, 1, 1, 1, 0, 2, 2, 2, 2]);
    });
  });

  it('is refused with the file that does not fit', async () => {
    const refused = (files: Record<string, Buffer>, options: object, message: RegExp) =>
      withFolder(files, folder => expect(loadSegmented(folder, options)).rejects.toThrow(message));
    await refused({ ...pair, 'images/c.png': png([1], 1) }, {}, /"c" is only one of them/);
    await refused(
      { ...pair, 'images/a.jpg': png([0, 0, 0, 0], 2, 2) },
      {},
      /two images of the name "a": images\/a\.jpg and images\/a\.png/,
    );
    await refused(
      { 'train/images/1.png': png([1], 1), 'test/masks/1.png': png([1], 1) },
      {},
      /train needs.*"1" is only/,
    );
    await refused({}, {}, /has no images/);
    await refused({ ...pair, 'masks/a.png': png([0, 0, 1, 0], 2, 2) }, {}, /masks\/a\.png is not a gray PNG/);
    await refused(
      { ...pair, 'masks/a.png': png([0, 0], 2) },
      {},
      /masks\/a\.png is 1 x 2 pixels.*Give a size/,
    );
    await refused({ ...pair, 'images/a.png': Buffer.from('no') }, {}, /images\/a\.png is damaged/);
    await refused(pair, { classNames: ['background', 'one'] }, /class 2 in mask/);
  });
});
