/** Images: the bytes of an image file, and pixels as a canvas has them (`ImageData`). */
import type { MimeBundle } from '../threads';
import { inspectValue } from './inspect';
import { encodePng } from './png';

/** The first bytes of each format. */
const SIGNATURES: [type: string, bytes: number[]][] = [
  ['image/png', [0x89, 0x50, 0x4e, 0x47]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', [0x47, 0x49, 0x46, 0x38]],
];

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** RGBA */
  readonly data: Uint8ClampedArray;
}

/** Shows an image; undefined for anything else. */
export function renderImage(value: object): MimeBundle | undefined {
  if (value instanceof Uint8Array) {
    const type = SIGNATURES.find(([, bytes]) =>
      bytes.every((byte, position) => value[position] === byte),
    )?.[0];
    return type === undefined
      ? undefined
      : { 'text/plain': inspectValue(value), [type]: Buffer.from(value).toString('base64') };
  }
  if (!isPixels(value)) return undefined;
  const { width, height, data } = value;
  const png = encodePng(new Uint8Array(data.buffer, data.byteOffset, data.length), width, height, 4);
  return { 'text/plain': `Image ${width} x ${height}`, 'image/png': png.toString('base64') };
}

function isPixels(value: object): value is Pixels {
  const { width, height, data } = value as Partial<Pixels>;
  return (
    data instanceof Uint8ClampedArray &&
    typeof width === 'number' &&
    typeof height === 'number' &&
    data.length === 4 * width * height
  );
}
