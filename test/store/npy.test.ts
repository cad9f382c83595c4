import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { float32 } from '../../src/engine/values';
import { decodeNpy, encodeNpy, readNpy, writeNpy } from '../../src/store/npy';
import recorded from '../reference/recorded/npy.json';
import { withTemporaryFolder } from './temporary';

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const written = Buffer.from(recorded.float32, 'base64');

describe('readNpy', () => {
  test.each(recorded.arrays)('reads $dtype of shape $shape as NumPy writes it', ({ shape, values, file }) => {
    const array = decodeNpy(bytesOf(file), 'x.npy');
    expect(array.shape).toEqual(shape);
    expect([...(array.values as Iterable<number | bigint>)].map(Number)).toEqual(values);
  });

  test.each([
    ['objects', /x\.npy is not a usable .npy file: it holds Python objects, which only Python can read/],
    ['text', /its element type is '<U3'; readable are f4, .*\.astype/],
    ['complex', /its element type is '<c8'/],
    ['half', /its element type is '<f2'.*\.astype\('float32'\)/],
    ['records', /its element type is \[/],
    ['fortran', /Fortran order\. Save numpy\.ascontiguousarray/],
  ])('refuses %s with a sentence', (name, message) => {
    const { file } = recorded.refused.find(each => each.name === name)!;
    expect(() => decodeNpy(bytesOf(file), 'x.npy')).toThrow(message);
  });

  const header = (text: string) =>
    Buffer.concat([Buffer.from('\x93NUMPY\x01\0', 'latin1'), Buffer.of(text.length, 0), Buffer.from(text)]);
  test.each([
    ['nothing', Buffer.alloc(0), /does not begin with NumPy's mark/],
    ['another format', Buffer.from('PNG, not numbers'), /does not begin with NumPy's mark/],
    ['half a header', written.subarray(0, 60), /truncated inside its header/],
    [
      'half the numbers',
      written.subarray(0, -4),
      /truncated: shape \(2, 3\) of f4 takes 24 bytes, but 20 follow/,
    ],
    ['bytes at the end', Buffer.concat([written, Buffer.of(0)]), /takes 24 bytes, but 25 follow/],
    ['a format of the future', Buffer.from('\x93NUMPY\x09\0....', 'latin1'), /format version 9 is not known/],
    ['a header without a shape', header("{'descr': '<f4', 'fortran_order': False}"), /its header is/],
    ['a negative shape', header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"), /its header is/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeNpy(bytes, 'x.npy')).toThrow(message);
  });

  test('names a file that is not there', async () => {
    await expect(readNpy('/nowhere/x.npy')).rejects.toThrow(
      /Could not read \/nowhere\/x\.npy: there is no such/,
    );
  });
});

describe('writeNpy', () => {
  test('writes byte for byte what NumPy does', async () => {
    await withTemporaryFolder(async folder => {
      const file = path.join(folder, 'x.npy');
      await writeNpy(file, float32([0, 1, 2, 3, 4, 5], [2, 3]));
      expect(await readFile(file)).toEqual(written);
    });
  });

  test.each(recorded.arrays)('what it writes of $dtype $shape is read again', ({ file }) => {
    const array = decodeNpy(bytesOf(file), 'x.npy');
    expect(decodeNpy(Buffer.concat(encodeNpy(array)), 'y.npy')).toEqual(array);
  });

  test('refuses values that the shape does not hold, and leaves the file that was there', async () => {
    await withTemporaryFolder(async folder => {
      const file = path.join(folder, 'x.npy');
      await writeFile(file, 'mine');
      const wrong = { shape: [7], values: new Float32Array(6) };
      await expect(writeNpy(file, wrong)).rejects.toThrow(/shape \[7\] holds 7 numbers, but 6 were given/);
      expect(await readFile(file, 'utf8')).toBe('mine');
    });
  });
});
