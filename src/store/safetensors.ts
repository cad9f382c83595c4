/**
 * The safetensors format: 8 bytes of header length (little-endian), a JSON header with dtype, shape and data_offsets of
 * each tensor, then the raw little-endian data without gaps. https://huggingface.co/docs/safetensors, "Format".
 */
import fs from 'node:fs/promises';
import { type DataType, type NamedValues, sizeOf, type TensorValue } from '../engine/values';
import { explainFileError, writeFileAtomically } from './atomic';
import { fromBfloat16, fromHalf } from './half';

/** What a safetensors file holds. */
export interface SafetensorsContent {
  readonly tensors: NamedValues;
  /** Free text by name, such as a format version. */
  readonly metadata: Readonly<Record<string, string>>;
}

type FileType = 'F32' | 'F16' | 'BF16' | 'I32' | 'I64' | 'U8' | 'BOOL';
interface Entry {
  readonly dtype: FileType;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const bytesPerElement: Record<FileType, number> = {
  I64: 8,
  F32: 4,
  I32: 4,
  F16: 2,
  BF16: 2,
  U8: 1,
  BOOL: 1,
};
const fileTypes: Record<DataType, FileType> = { float32: 'F32', int32: 'I32', bool: 'BOOL' };
/** As in the reference implementation: longer headers are refused before anything is allocated. */
const longestHeader = 100_000_000;
const lengthBytes = 8;

/**
 * Writes tensors to a safetensors file, atomically. The same tensors always give the same bytes.
 * @param metadata free text by name, stored in the header.
 */
export async function saveSafetensors(
  file: string,
  tensors: NamedValues,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeFileAtomically(file, encodeSafetensors(tensors, metadata));
}

/**
 * Reads the tensors of a safetensors file. F16 and BF16 are read as float32, I64 and U8 as int32.
 * @throws Error naming the file when it is missing; DamagedFileError when it is truncated or damaged, or has element types
 * that are not supported.
 */
export async function loadSafetensors(file: string): Promise<NamedValues> {
  return (await readSafetensors(file)).tensors;
}

/** Reads a safetensors file with its metadata; throws as {@link loadSafetensors}. */
export async function readSafetensors(file: string): Promise<SafetensorsContent> {
  const bytes = await fs.readFile(file).catch((error: unknown) => {
    throw explainFileError(error, file, 'read');
  });
  try {
    return decodeSafetensors(bytes);
  } catch (error) {
    if (!(error instanceof DamagedFile)) throw error;
    throw new DamagedFileError(
      `${file} is not a usable safetensors file: ${error.message}. Copy it again, or remove it to have it made again.`,
      { cause: error },
    );
  }
}

/** Thrown when a file was read, but is no whole safetensors file. */
export class DamagedFileError extends Error {}

/** The reason, without the file's name. */
class DamagedFile extends Error {}

/** The bytes of a safetensors file, in pieces: length, header, then each tensor's own memory (not copied). */
export function encodeSafetensors(
  tensors: NamedValues,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const names = Object.keys(tensors).sort((a, b) => byAlignmentAndName(tensors, a, b));
  const header: Record<string, Entry | Readonly<Record<string, string>>> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let offset = 0;
  for (const name of names) {
    const { dtype, shape, values } = tensors[name];
    if (name === '__metadata__')
      throw new Error("A tensor can't be called __metadata__: choose another name.");
    header[name] = {
      dtype: fileTypes[dtype],
      shape,
      data_offsets: [offset, (offset += values.byteLength)],
    };
  }
  const data = names.map(name => bytesOf(tensors[name].values));
  return [...encodeHeader(header), ...data];
}

/** Widest elements first, so that every tensor starts at a multiple of its element size. */
function byAlignmentAndName(tensors: NamedValues, a: string, b: string): number {
  const width = (name: string) => tensors[name].values.BYTES_PER_ELEMENT;
  const order = (name: string) => Object.keys(fileTypes).indexOf(tensors[name].dtype);
  return width(b) - width(a) || order(a) - order(b) || (a < b ? -1 : 1);
}

function encodeHeader(header: object): Uint8Array[] {
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const padding = Buffer.alloc((lengthBytes - (json.length % lengthBytes)) % lengthBytes, ' ');
  const length = Buffer.alloc(lengthBytes);
  length.writeBigUInt64LE(BigInt(json.length + padding.length));
  return [length, json, padding];
}

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The tensors in the bytes of a safetensors file; everything that the header claims is checked. */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsContent {
  const { header, data } = splitHeader(bytes);
  const { __metadata__: metadata = {}, ...entries } = header;
  checkMetadata(metadata);
  const checked = Object.entries(entries).map(([name, entry]) => [name, checkEntry(name, entry)] as const);
  checkCoverage(checked, data.length);
  const tensors = checked.map(([name, entry]) => [name, decodeTensor(name, entry, data)] as const);
  return { tensors: Object.fromEntries(tensors), metadata };
}

function splitHeader(bytes: Uint8Array): { header: Record<string, unknown>; data: Uint8Array } {
  if (bytes.length < lengthBytes) throw new DamagedFile(`it has only ${bytes.length} bytes`);
  const length = Number(Buffer.from(bytes.buffer, bytes.byteOffset, lengthBytes).readBigUInt64LE());
  if (length > longestHeader) throw new DamagedFile(`its header claims ${length} bytes`);
  if (length > bytes.length - lengthBytes) {
    throw new DamagedFile(`it is truncated: the header has ${length} bytes, the whole file ${bytes.length}`);
  }
  const data = bytes.subarray(lengthBytes + length);
  return { header: parseHeader(bytes.subarray(lengthBytes, lengthBytes + length)), data };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new DamagedFile('its header is not JSON');
  }
  if (!isRecord(header)) throw new DamagedFile('its header is not a JSON object');
  return header;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkMetadata(metadata: unknown): asserts metadata is Record<string, string> {
  if (!isRecord(metadata) || !Object.values(metadata).every(text => typeof text === 'string')) {
    throw new DamagedFile('its __metadata__ is not a table of texts');
  }
}

function checkEntry(name: string, entry: unknown): Entry {
  if (!isRecord(entry)) throw new DamagedFile(`tensor "${name}" is not described`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(bytesPerElement, dtype)) {
    const known = Object.keys(bytesPerElement).join(', ');
    throw new DamagedFile(
      `tensor "${name}" has element type ${JSON.stringify(dtype)}; supported are ${known}`,
    );
  }
  if (!isCounts(shape)) throw new DamagedFile(`tensor "${name}" has shape ${JSON.stringify(shape)}`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw new DamagedFile(`tensor "${name}" has data_offsets ${JSON.stringify(offsets)}`);
  }
  const expected = sizeOf(shape) * bytesPerElement[dtype as FileType];
  if (offsets[1] - offsets[0] !== expected) {
    throw new DamagedFile(
      `tensor "${name}" (${dtype} [${shape.join(', ')}]) needs ${expected} bytes, its data_offsets span ${offsets[1] - offsets[0]}`,
    );
  }
  return { dtype: dtype as FileType, shape, data_offsets: [offsets[0], offsets[1]] };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(count => Number.isSafeInteger(count) && (count as number) >= 0);
}

/** The tensors must follow each other without gap or overlap, from the first byte of the data to the last. */
function checkCoverage(entries: readonly (readonly [string, Entry])[], length: number): void {
  const ordered = [...entries].sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  let end = 0;
  for (const [name, entry] of ordered) {
    const [start] = entry.data_offsets;
    if (start !== end) {
      throw new DamagedFile(
        `tensor "${name}" ${start < end ? 'overlaps another' : 'leaves a gap before it'}`,
      );
    }
    end = entry.data_offsets[1];
  }
  if (end > length) throw new DamagedFile(`it is truncated: ${end} bytes of data expected, ${length} found`);
  if (end < length) throw new DamagedFile(`${length - end} bytes follow the last tensor`);
}

function decodeTensor(name: string, entry: Entry, data: Uint8Array): TensorValue {
  const { dtype, shape } = entry;
  // A copy of its own: aligned to the element size, and free of the memory of the whole file.
  const bytes = new Uint8Array(data.subarray(...entry.data_offsets));
  if (dtype === 'F32')
    return { dtype: 'float32', shape, values: new Float32Array(bytes.buffer, 0, sizeOf(shape)) };
  if (dtype === 'F16') return { dtype: 'float32', shape, values: fromHalf(new Uint16Array(bytes.buffer)) };
  if (dtype === 'BF16')
    return { dtype: 'float32', shape, values: fromBfloat16(new Uint16Array(bytes.buffer)) };
  if (dtype === 'I32')
    return { dtype: 'int32', shape, values: new Int32Array(bytes.buffer, 0, sizeOf(shape)) };
  if (dtype === 'U8') return { dtype: 'int32', shape, values: Int32Array.from(bytes) };
  if (dtype === 'I64') return { dtype: 'int32', shape, values: narrow(name, bytes) };
  if (bytes.some(value => value > 1))
    throw new DamagedFile(`tensor "${name}" (BOOL) holds values beyond 0 and 1`);
  return { dtype: 'bool', shape, values: bytes };
}

function narrow(name: string, bytes: Uint8Array): Int32Array {
  const wide = new BigInt64Array(bytes.buffer, 0, bytes.byteLength / bytesPerElement.I64);
  return Int32Array.from(wide, value => {
    if (BigInt.asIntN(32, value) !== value) {
      throw new DamagedFile(`tensor "${name}" (I64) holds ${value}, beyond 32 bits`);
    }
    return Number(value);
  });
}
