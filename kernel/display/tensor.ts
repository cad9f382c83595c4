/** Tensors: shape, type, statistics and small values as text, and as a picture those with the shape of images. */
import type { MimeBundle } from '../threads';
import { encodePng, type Channels } from './png';

/** What is needed of a tensor, as TensorFlow.js has it. */
interface Tensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly isDisposed?: boolean;
  dataSync(): ArrayLike<unknown>;
}

/** Tensors with at most so many values are printed in full. */
const MAXIMUM_PRINTED = 100;
/** How many images of a batch are drawn, and how many in a row. */
const MAXIMUM_IMAGES = 64;
const IMAGES_IN_ROW = 8;
/** Sides from which on a tensor of rank 3 or 4 is taken for images; small ones are enlarged. */
const SMALLEST_SIDE = 4;
const LARGEST_SIDE = 2_048;
const COMFORTABLE_SIDE = 64;

function isTensor(value: object): value is Tensor {
  const { shape, dtype, dataSync } = value as Partial<Tensor>;
  return (
    Array.isArray(shape) &&
    shape.every(Number.isInteger) &&
    typeof dtype === 'string' &&
    typeof dataSync === 'function'
  );
}

/** Shows a tensor; undefined for anything else. */
export function renderTensor(value: object): MimeBundle | undefined {
  if (!isTensor(value)) return undefined;
  if (value.isDisposed)
    return { 'text/plain': `Tensor ${value.dtype} [${value.shape.join(', ')}], disposed` };
  return draw(value);
}

function draw(tensor: Tensor): MimeBundle {
  const { shape, dtype } = tensor;
  const values = tensor.dataSync();
  const lines = [`Tensor ${dtype} [${shape.join(', ')}]`];
  const isNumeric = dtype !== 'string' && !dtype.startsWith('complex') && values.length > 0;
  const numbers = isNumeric ? (values as ArrayLike<number>) : [];
  if (isNumeric && dtype !== 'bool') lines.push(statistics(numbers));
  if (values.length <= MAXIMUM_PRINTED) lines.push(nested(values, shape));
  const image = isNumeric ? picture(numbers, shape) : undefined;
  return { 'text/plain': lines.join('\n'), ...(image && { 'image/png': image.toString('base64') }) };
}

const short = (value: unknown) =>
  typeof value === 'number' ? String(Number(value.toPrecision(5))) : JSON.stringify(value);

function range(values: ArrayLike<number>): { minimum: number; maximum: number } {
  let [minimum, maximum] = [Infinity, -Infinity];
  for (let index = 0; index < values.length; index++) {
    if (values[index] < minimum) minimum = values[index];
    if (values[index] > maximum) maximum = values[index];
  }
  return { minimum, maximum };
}

function statistics(values: ArrayLike<number>): string {
  const { minimum, maximum } = range(values);
  let [sum, squares] = [0, 0];
  for (let index = 0; index < values.length; index++) sum += values[index];
  const mean = sum / values.length;
  for (let index = 0; index < values.length; index++) squares += (values[index] - mean) ** 2;
  const deviation = Math.sqrt(squares / values.length);
  return `min ${short(minimum)}  mean ${short(mean)}  max ${short(maximum)}  deviation ${short(deviation)}`;
}

/** `[[1, 2], [3, 4]]`, a line a row. */
function nested(values: ArrayLike<unknown>, shape: readonly number[], offset = 0, indent = ''): string {
  if (shape.length === 0) return short(values[offset]);
  const [count, ...inner] = shape;
  const size = inner.reduce((product, side) => product * side, 1);
  const parts = Array.from({ length: count }, (_, index) =>
    nested(values, inner, offset + index * size, `${indent} `),
  );
  return `[${parts.join(inner.length === 0 ? ', ' : `,\n${indent} `)}]`;
}

/** The picture of [height, width, channels] or of a batch of such; undefined for other shapes. */
function picture(values: ArrayLike<number>, shape: readonly number[]): Buffer | undefined {
  const [count, height, width, channels] = shape.length === 4 ? shape : [1, ...shape];
  const isImage = (shape.length === 3 || shape.length === 4) && [1, 3, 4].includes(channels);
  const sides = [height, width];
  if (!isImage || sides.some(side => side < SMALLEST_SIDE || side > LARGEST_SIDE)) return undefined;
  const images = Math.min(count, MAXIMUM_IMAGES);
  const columns = Math.min(images, IMAGES_IN_ROW);
  const rows = Math.ceil(images / columns);
  const scale = Math.max(1, Math.floor(COMFORTABLE_SIDE / Math.max(height, width)));
  const [across, down] = [columns * width * scale, rows * height * scale];
  const brightness = toBytes(values);
  const pixels = new Uint8Array(across * down * channels);
  for (let y = 0; y < down; y++) {
    for (let x = 0; x < across; x++) {
      const [row, column] = [Math.floor(y / scale), Math.floor(x / scale)];
      const image = Math.floor(row / height) * columns + Math.floor(column / width);
      if (image >= images) continue;
      const source = ((image * height + (row % height)) * width + (column % width)) * channels;
      for (let channel = 0; channel < channels; channel++) {
        pixels[(y * across + x) * channels + channel] = brightness(values[source + channel]);
      }
    }
  }
  return encodePng(pixels, across, down, channels as Channels);
}

/** From the range that the values are in, [-1, 1], [0, 1] or [0, 255], to bytes; any other range is stretched. */
function toBytes(values: ArrayLike<number>): (value: number) => number {
  const { minimum, maximum } = range(values);
  const within = (from: number, to: number) => minimum >= from && maximum <= to;
  const [from, to] = within(0, 1)
    ? [0, 1]
    : within(-1, 1)
      ? [-1, 1]
      : within(0, 255)
        ? [0, 255]
        : [minimum, maximum];
  return value => Math.max(0, Math.min(255, Math.round((255 * (value - from)) / (to - from || 1))));
}
