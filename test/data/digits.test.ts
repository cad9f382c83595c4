import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { imagesOf } from '../../src/data/dataset';
import { loadDigits } from '../../src/data/digits';
import recorded from '../reference/recorded/digits.json';

describe('loadDigits', () => {
  const digits = loadDigits();
  /** The file's integers 0..16 of an image; exact, as eighths are exact in binary. */
  const pixelsOf = (i: number) => [...imagesOf(digits, [i]).values].map(x => (x + 1) * 8);

  it('has the labels that scikit-learn loads', () => {
    expect(digits.count).toBe(1797);
    expect([...digits.labels]).toEqual(recorded.labels);
    const counts = digits.classNames.map((_, k) => digits.labels.filter(label => label === k).length);
    expect(counts).toEqual(recorded.countPerClass);
  });

  it('has the pixels that scikit-learn loads, in rows', () => {
    expect(digits.imageShape).toEqual([8, 8, 1]);
    expect(pixelsOf(0)).toEqual(recorded.firstImage);
    for (let i = 0; i < digits.count; i++) {
      const pixels = pixelsOf(i);
      expect(pixels.reduce((sum, p) => sum + p)).toBe(recorded.pixelSums[i]);
      expect(pixels.reduce((sum, p, position) => sum + p * (position + 1), 0)).toBe(recorded.weightedSums[i]);
    }
  });

  it('refuses a damaged or missing file by name', () => {
    const damaged = join(mkdtempSync(join(tmpdir(), 'digits-')), 'digits.csv.gz');
    writeFileSync(damaged, 'not the digits');
    expect(() => loadDigits(damaged)).toThrow(/digits\.csv\.gz are damaged: SHA-256 .* expected 09f66e/);
    expect(() => loadDigits('/nowhere/digits.csv.gz')).toThrow(
      'Cannot read the digits at /nowhere/digits.csv.gz',
    );
  });
});
