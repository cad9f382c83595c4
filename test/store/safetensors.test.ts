import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { float32, int32, type NamedValues } from '../../src/engine/values';
import {
  decodeSafetensors,
  encodeSafetensors,
  loadSafetensors,
  readSafetensors,
  saveSafetensors,
} from '../../src/store/safetensors';
import { withTemporaryFolder } from './temporary';

const recorded = path.join(__dirname, '../reference/recorded');

/** The tensors of test/reference/safetensors_file.py. */
const tensors: NamedValues = {
  weight: float32(
    [0, 1, 2, 3, 4, 5].map(i => Math.fround(Math.fround(i / 7) - Math.fround(0.4))),
    [2, 3],
  ),
  steps: int32([-3, 0, 2 ** 31 - 1]),
  mask: { dtype: 'bool', shape: [2, 1], values: Uint8Array.of(1, 0) },
  scalar: float32([2.5], []),
  empty: float32([], [0, 4]),
  'Ünicode name': float32([1.5]),
};

/** A file with this header and data. */
function fileOf(header: unknown, data: Uint8Array = new Uint8Array()): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

describe('agreement with the reference implementation', () => {
  test('the same tensors give the same bytes', async () => {
    const expected = await fs.readFile(path.join(recorded, 'tensors.safetensors'));
    expect(Buffer.concat(encodeSafetensors(tensors, { format: 'test' })).equals(expected)).toBe(true);
  });

  test('its file is read with values, shapes and metadata', async () => {
    const content = await readSafetensors(path.join(recorded, 'tensors.safetensors'));
    expect(content.metadata).toEqual({ format: 'test' });
    expect(content.tensors).toEqual(tensors);
  });

  test('its 64-bit and 8-bit integers are read as int32', async () => {
    expect(await loadSafetensors(path.join(recorded, 'integers.safetensors'))).toEqual({
      wide: int32([-(2 ** 31), 7]),
      bytes: int32([0, 255]),
    });
  });
});

test.each(['F16', 'BF16'])('%s is read as the float32 that PyTorch makes of it', async type => {
  const tensors = await loadSafetensors(path.join(recorded, 'halves.safetensors'));
  const [{ values }, wide] = [tensors[type], tensors[`${type} as F32`]];
  expect(values).toHaveLength(688);
  wide.values.forEach((value, i) => expect(Object.is(values[i], value), `number ${i}`).toBe(true));
});

test('a saved file comes back bit for bit, special numbers included', async () => {
  await withTemporaryFolder(async folder => {
    const file = path.join(folder, 'new', 'weights.safetensors');
    const special = float32([NaN, Infinity, -Infinity, -0, 1e-45, 3.4028235e38]);
    await saveSafetensors(file, { special });
    const { values } = (await loadSafetensors(file)).special;
    expect(Buffer.from(values.buffer)).toEqual(Buffer.from(special.values.buffer));
    expect(await fs.readdir(path.dirname(file))).toEqual(['weights.safetensors']);
  });
});

describe('damaged files are refused with the reason', () => {
  const one = { dtype: 'F32', shape: [1], data_offsets: [0, 4] };
  const bytes = (count: number) => new Uint8Array(count);
  const cases: [string, Uint8Array, RegExp][] = [
    ['too short for a header length', bytes(5), /only 5 bytes/],
    ['a header longer than the file', fileOf({ a: one }, bytes(4)).subarray(0, 20), /truncated: the header/],
    ['a huge header', Buffer.concat([Buffer.alloc(8, 0x7f), bytes(8)]), /header claims/],
    ['a header that is not JSON', fileOf('{"a":'), /not JSON/],
    ['a header that is no object', fileOf('[]'), /not a JSON object/],
    ['a header that is not UTF-8', Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0x22, 0xff]), /not JSON/],
    ['truncated data', fileOf({ a: one }, bytes(3)), /truncated: 4 bytes of data expected, 3 found/],
    ['bytes after the last tensor', fileOf({ a: one }, bytes(5)), /1 bytes follow/],
    [
      'overlapping tensors',
      fileOf(
        { a: { ...one, shape: [2], data_offsets: [0, 8] }, b: { ...one, data_offsets: [4, 8] } },
        bytes(8),
      ),
      /"b" overlaps/,
    ],
    ['a gap between tensors', fileOf({ a: { ...one, data_offsets: [4, 8] } }, bytes(8)), /"a" leaves a gap/],
    ['offsets that go backwards', fileOf({ a: { ...one, data_offsets: [4, 0] } }, bytes(4)), /"a".*span -4/],
    ['offsets that do not fit the shape', fileOf({ a: { ...one, shape: [2] } }, bytes(4)), /needs 8 bytes/],
    [
      'an unsupported element type',
      fileOf({ a: { ...one, dtype: 'F8_E4M3' } }, bytes(4)),
      /"F8_E4M3"; supported/,
    ],
    [
      'an element type named like a method',
      fileOf({ a: { ...one, dtype: 'toString' } }, bytes(4)),
      /"toString"/,
    ],
    ['a negative dimension', fileOf({ a: { ...one, shape: [-1] } }, bytes(4)), /shape \[-1\]/],
    [
      'a fractional offset',
      fileOf({ a: { ...one, data_offsets: [0, 4.5] } }, bytes(4)),
      /data_offsets \[0,4.5\]/,
    ],
    ['a tensor without description', fileOf({ a: null }), /"a" is not described/],
    ['metadata that is not text', fileOf({ __metadata__: { a: 1 } }), /__metadata__/],
    [
      'a Boolean beyond 0 and 1',
      fileOf({ a: { dtype: 'BOOL', shape: [1], data_offsets: [0, 1] } }, Uint8Array.of(2)),
      /beyond 0 and 1/,
    ],
    [
      'a 64-bit integer beyond 32 bits',
      fileOf(
        { a: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } },
        Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0),
      ),
      /holds 4294967296/,
    ],
  ];
  test.each(cases)('%s', (_name, content, message) => {
    expect(() => decodeSafetensors(content)).toThrow(message);
  });

  test('the message names the file and the remedy', async () => {
    await withTemporaryFolder(async folder => {
      const file = path.join(folder, 'weights.safetensors');
      await saveSafetensors(file, tensors);
      await fs.truncate(file, 100);
      await expect(loadSafetensors(file)).rejects.toThrow(
        /weights\.safetensors is not a usable safetensors file: it is truncated.*remove it/,
      );
      await expect(loadSafetensors(path.join(folder, 'none'))).rejects.toThrow(/none: there is no such file/);
    });
  });

  test('a file truncated at any byte is refused', () => {
    const whole = Buffer.concat(encodeSafetensors(tensors, { format: 'test' }));
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeSafetensors(whole.subarray(0, length))).toThrow();
    }
  });
});
