/** Images on a canvas of 8-bit RGB pixels, and the canvas as PNG. */
import { PNG } from 'pngjs';
import type { TensorValue } from '../engine/values';

/** A colour, red green blue, each 0 to 255. */
export type Rgb = readonly [number, number, number];

/** Pixels to draw on. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** RGB, row-major from the top left. */
  readonly pixels: Uint8Array;
}

/** A white canvas. */
export function createCanvas(width: number, height: number): Canvas {
  return { width, height, pixels: new Uint8Array(width * height * 3).fill(255) };
}

/** Fills a rectangle. */
export function fill(
  { width, pixels }: Canvas,
  left: number,
  top: number,
  size: [number, number],
  color: Rgb,
): void {
  for (let y = top; y < top + size[1]; y++) {
    for (let x = left; x < left + size[0]; x++) pixels.set(color, 3 * (y * width + x));
  }
}

/**
 * Draws image `index` of `images` [M, H, W, C], C = 1 or 3, values in [-1, 1] (clamped), each pixel as a square of `scale`
 * pixels: nothing is smoothed.
 */
export function drawImage(
  canvas: Canvas,
  images: TensorValue,
  index: number,
  { left, top, scale }: { left: number; top: number; scale: number },
): void {
  const [, height, width, channels] = images.shape;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = ((index * height + y) * width + x) * channels;
      const byte = (c: number) => toByte(images.values[at + (channels === 3 ? c : 0)]);
      fill(canvas, left + x * scale, top + y * scale, [scale, scale], [byte(0), byte(1), byte(2)]);
    }
  }
}

/** The canvas as a data URI of a PNG. */
export function toDataUri(canvas: Canvas): string {
  return `data:image/png;base64,${toPng(canvas).toString('base64')}`;
}

/** The bytes of the canvas as a PNG. */
export function toPng({ width, height, pixels }: Canvas): Buffer {
  const png = new PNG({ width, height, colorType: 2, inputColorType: 2, inputHasAlpha: false });
  png.data = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  return PNG.sync.write(png, { colorType: 2, inputColorType: 2, inputHasAlpha: false, deflateLevel: 9 });
}

/** [-1, 1] to 0..255, as images were scaled when they were read. */
function toByte(value: number): number {
  return Math.min(255, Math.max(0, Math.round((value + 1) * 127.5)));
}
