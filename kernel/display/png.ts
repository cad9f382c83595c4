/** Pixels as a PNG file. */
import type * as pngjs from 'pngjs';

/** How many values a pixel has: grey, RGB or RGBA. */
export type Channels = 1 | 3 | 4;

const COLOR_TYPES = { 1: 0, 3: 2, 4: 6 } as const;

/** Encodes 8-bit pixels, row by row from the top left. */
export function encodePng(pixels: Uint8Array, width: number, height: number, channels: Channels): Buffer {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded with the first picture: the start is faster without it
  const { PNG } = require('pngjs') as typeof pngjs;
  const colorType = COLOR_TYPES[channels];
  const options = { width, height, colorType, inputColorType: colorType, inputHasAlpha: channels === 4 };
  const png = new PNG(options);
  png.data = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  return PNG.sync.write(png, options);
}
