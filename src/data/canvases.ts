/**
 * Segmented images without a download: canvases on which two of the embedded digits lie at random places, with the digit that
 * each pixel belongs to. Training and test canvases share no digit.
 */
import { type Dataset, pixelCount, select, take } from './dataset';
import { loadDigits } from './digits';
import { integersBelow } from './permutation';
import { segmentedDataset } from './segmented';

const side = 16;
const digitsOnCanvas = 2;
/** Digits of the embedded data, the first ones, that training canvases are made of. */
const trainingDigits = 1200;
const trainingCanvases = 2400;
const testCanvases = 600;
/** Pixels that the boxes of two digits may share, of 64. */
const mostShared = 16;
/** Ink, of 16, from which on a pixel belongs to a digit. */
const leastInk = 4;

/**
 * 2,400 training and 600 test canvases of 16x16x1 with two digits each. Mask 0 is the background, 1 + d the digit d; where
 * digits overlap, a pixel has the greater ink and belongs to whose it is. Always the same canvases.
 */
export function loadCanvases(): Dataset {
  const digits = loadDigits();
  const others = Int32Array.from({ length: digits.count - trainingDigits }, (_, i) => trainingDigits + i);
  const parts = [
    composed(take(digits, trainingDigits), trainingCanvases, 1),
    composed(select(digits, others), testCanvases, 2),
  ];
  return segmentedDataset({
    name: 'canvases',
    imageShape: [side, side, 1],
    images: Uint8Array.from(Buffer.concat(parts.map(part => part.images))),
    masks: Uint8Array.from(Buffer.concat(parts.map(part => part.masks))),
    maximum: digits.maximum,
    classNames: ['background', ...digits.classNames],
    trainCount: trainingCanvases,
  });
}

interface Canvases {
  readonly images: Uint8Array;
  readonly masks: Uint8Array;
}

function composed(digits: Dataset, count: number, seed: number): Canvases {
  const below = integersBelow(seed);
  const images = new Uint8Array(count * side * side);
  const masks = new Uint8Array(count * side * side);
  for (let i = 0; i < count; i++) {
    const canvas = {
      images: images.subarray(i * side * side, (i + 1) * side * side),
      masks: masks.subarray(i * side * side, (i + 1) * side * side),
    };
    for (const place of placesOf(digits.imageShape, below)) draw(canvas, digits, below(digits.count), place);
  }
  return { images, masks };
}

type Place = readonly [top: number, left: number];

/** Places whose boxes share few pixels. */
function placesOf([height, width]: Dataset['imageShape'], below: (limit: number) => number): Place[] {
  const places: Place[] = [];
  while (places.length < digitsOnCanvas) {
    const place: Place = [below(side - height + 1), below(side - width + 1)];
    const shared = places.map(
      ([top, left]) =>
        Math.max(0, height - Math.abs(place[0] - top)) * Math.max(0, width - Math.abs(place[1] - left)),
    );
    if (shared.every(pixels => pixels <= mostShared)) places.push(place);
  }
  return places;
}

function draw({ images, masks }: Canvases, digits: Dataset, index: number, [top, left]: Place): void {
  const [height, width] = digits.imageShape;
  const first = index * pixelCount(digits.imageShape);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const ink = digits.images[first + row * width + column];
      const pixel = (top + row) * side + left + column;
      if (ink <= images[pixel]) continue;
      images[pixel] = ink;
      if (ink >= leastInk) masks[pixel] = 1 + digits.labels[index];
    }
  }
}
