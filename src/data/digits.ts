/**
 * The default data, inside the library: 1,797 real images of 8x8 pixels. E. Alpaydin and C. Kaynak, "Optical Recognition
 * of Handwritten Digits", UCI Machine Learning Repository, 1998, doi:10.24432/C50P49, licensed CC BY 4.0 (digits.LICENSE).
 * The file is the copy that scikit-learn ships: an image a line, 64 pixels in 0..16 and the label.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createDataset, type Dataset } from './dataset';

const sha256 = '09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22';
const pixels = 64;
const maximum = 16;

/**
 * The UCI digits: 1,797 images of 8x8x1, pixels p / 8 - 1 for p in 0..16, ten classes, in the file's order.
 * @param file the gzipped CSV; by default the embedded one
 * @throws Error when the file is missing or its SHA-256 is not the known one
 */
export function loadDigits(file: string = join(__dirname, '../../src/data/digits.csv.gz')): Dataset {
  const rows = gunzipSync(readVerified(file)).toString('latin1').trim().split('\n');
  const images = new Uint8Array(rows.length * pixels);
  const labels = new Int32Array(rows.length);
  rows.forEach((row, i) => {
    const numbers = row.split(',').map(Number);
    labels[i] = numbers[pixels];
    images.set(numbers.slice(0, pixels), i * pixels);
  });
  const classNames = Array.from({ length: 10 }, (_, digit) => String(digit));
  return createDataset({ name: 'digits', imageShape: [8, 8, 1], images, maximum, labels, classNames });
}

function readVerified(file: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new Error(`Cannot read the digits at ${file}. Install the library again, or restore the file.`, {
      cause,
    });
  }
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== sha256) {
    throw new Error(
      `The digits at ${file} are damaged: SHA-256 ${actual}, expected ${sha256}. Install the library again, or restore the file.`,
    );
  }
  return bytes;
}
