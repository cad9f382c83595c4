/**
 * NumPy's .npy files: the six bytes \x93NUMPY, a format version, the length of a header, the header (a Python dictionary of
 * dtype, order and shape), then the raw numbers. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import fs from 'node:fs/promises';
import { endianness } from 'node:os';
import { sizeOf } from '../engine/values';
import { explainFileError, writeFileAtomically } from './atomic';

/** The typed arrays that hold the numbers of an array. */
export type NpyValues =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** An array of a .npy file: row-major `values` of the product of `shape` elements. A `TensorValue` is one. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly values: NpyValues;
}

/** NumPy's type codes: kind and bytes of an element. */
const arrayTypes = {
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  i8: BigInt64Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  u8: BigUint64Array,
  b1: Uint8Array,
};

const magic = Buffer.from('\x93NUMPY', 'latin1');
const headerAlignment = 64;

class UnusableFile extends Error {}

/**
 * Reads a .npy file of numbers: 4- and 8-byte floats, integers of any size, and Booleans (as 0 and 1).
 * @throws Error naming the file when it is missing, truncated or damaged, or holds Python objects, text, complex or
 *   half-precision numbers, records, or an array in Fortran order
 */
export async function readNpy(file: string): Promise<NpyArray> {
  const bytes = await fs.readFile(file).catch((error: unknown) => {
    throw explainFileError(error, file, 'read');
  });
  return decodeNpy(bytes, file);
}

/** Writes an array as a .npy file, atomically, with the element type of its values. */
export async function writeNpy(file: string, array: NpyArray): Promise<void> {
  await writeFileAtomically(file, encodeNpy(array));
}

/** The array in the bytes of a .npy file; `name` stands for it in errors. */
export function decodeNpy(bytes: Uint8Array, name: string): NpyArray {
  try {
    const { header, data } = splitHeader(bytes);
    const { code, swapped, shape } = parseHeader(header);
    return { shape, values: decodeValues(data, code, swapped, shape) };
  } catch (error) {
    if (!(error instanceof UnusableFile)) throw error;
    throw new Error(`${name} is not a usable .npy file: ${error.message}`, { cause: error });
  }
}

/** The bytes of a .npy file (format 1.0), in pieces: header, then the array's own memory (not copied). */
export function encodeNpy({ shape, values }: NpyArray): Uint8Array[] {
  if (values.length !== sizeOf(shape)) {
    throw new RangeError(
      `An array of shape [${shape.join(', ')}] holds ${sizeOf(shape)} numbers, but ${values.length} were given.`,
    );
  }
  const [code] = Object.entries(arrayTypes).find(([, type]) => values instanceof type)!;
  const order = code.endsWith('1') ? '|' : endianness() === 'LE' ? '<' : '>';
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dictionary = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const start = magic.length + 4;
  const unpadded = start + dictionary.length + 1;
  const length = Math.ceil(unpadded / headerAlignment) * headerAlignment - start;
  const lengthBytes = Buffer.alloc(2);
  lengthBytes.writeUInt16LE(length);
  const header = Buffer.from(`${dictionary.padEnd(length - 1)}\n`, 'latin1');
  const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return [magic, Buffer.of(1, 0), lengthBytes, header, data];
}

function splitHeader(bytes: Uint8Array): { header: string; data: Uint8Array } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 12 || !buffer.subarray(0, 6).equals(magic)) {
    throw new UnusableFile("it does not begin with NumPy's mark. Save it with numpy.save.");
  }
  const version = buffer[6];
  if (version < 1 || version > 3) throw new UnusableFile(`its format version ${version} is not known.`);
  const start = version === 1 ? 10 : 12;
  const end = start + (version === 1 ? buffer.readUInt16LE(8) : buffer.readUInt32LE(8));
  if (end > buffer.length) throw new UnusableFile('it is truncated inside its header. Copy it again.');
  return { header: buffer.toString('latin1', start, end), data: bytes.subarray(end) };
}

/** NumPy writes the three entries as Python literals and nothing else, so they are matched one by one. */
function parseHeader(header: string) {
  const descr = /'descr':\s*('[^']*'|\[)/.exec(header)?.[1];
  const fortran = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const tuple = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (descr === undefined || fortran === undefined || tuple === undefined) {
    throw new UnusableFile(`its header is ${JSON.stringify(header.slice(0, 100))}. Save it with numpy.save.`);
  }
  const { order, code } = parseType(descr);
  if (fortran === 'True') {
    throw new UnusableFile('it is in Fortran order. Save numpy.ascontiguousarray of it.');
  }
  const shape = tuple.split(',').flatMap(size => (size.trim() === '' ? [] : [Number(size)]));
  if (!shape.every(Number.isSafeInteger)) throw new UnusableFile(`its shape is (${tuple}).`);
  const swapped = order === (endianness() === 'LE' ? '>' : '<');
  return { code, swapped, shape };
}

function parseType(descr: string) {
  const [, order, code] = /^'([<>|=])(\w+)'$/.exec(descr) ?? [];
  if (code === 'O') {
    throw new UnusableFile(
      'it holds Python objects, which only Python can read. Save an array of numbers: one shape for all rows, .astype of a numeric type.',
    );
  }
  if (code === undefined || !Object.hasOwn(arrayTypes, code)) {
    const known = Object.keys(arrayTypes).join(', ');
    throw new UnusableFile(
      `its element type is ${descr}; readable are ${known}. Convert it with .astype, for example .astype('float32').`,
    );
  }
  return { order, code: code as keyof typeof arrayTypes };
}

function decodeValues(
  data: Uint8Array,
  code: keyof typeof arrayTypes,
  swapped: boolean,
  shape: readonly number[],
): NpyValues {
  const type = arrayTypes[code];
  const expected = sizeOf(shape) * type.BYTES_PER_ELEMENT;
  if (data.length !== expected) {
    throw new UnusableFile(
      `${data.length < expected ? 'it is truncated: ' : ''}shape (${shape.join(', ')}) of ${code} takes ${expected} bytes, but ${data.length} follow the header. Save or copy it again.`,
    );
  }
  // A copy where the numbers do not lie at a multiple of their size, or their bytes are to be turned round.
  const isAligned = data.byteOffset % type.BYTES_PER_ELEMENT === 0;
  const bytes = isAligned && !swapped ? data : Uint8Array.from(data);
  if (swapped) swapBytes(Buffer.from(bytes.buffer), type.BYTES_PER_ELEMENT);
  return new type(bytes.buffer as ArrayBuffer, bytes.byteOffset, sizeOf(shape));
}

function swapBytes(bytes: Buffer, size: number): void {
  if (size === 2) bytes.swap16();
  if (size === 4) bytes.swap32();
  if (size === 8) bytes.swap64();
}
