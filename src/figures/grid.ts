/** Images side by side in one picture. */
import type { TensorValue } from '../engine/values';
import { createCanvas, drawImage, toPng } from './pictures';

/** Pixels between two images. */
const gap = 2;
/** An image is drawn about this high, each of its pixels as a square. */
const imageHeight = 64;

/**
 * All images in about as many rows as columns, as the bytes of a PNG.
 * @param images [M, H, W, C], C = 1 or 3, in [-1, 1] (clamped)
 * @throws RangeError when there is no image, or they are not gray or RGB
 */
export function imageGrid(images: TensorValue): Buffer {
  const [count, height, width, channels] = images.shape;
  if (images.shape.length !== 4 || count < 1 || (channels !== 1 && channels !== 3)) {
    throw new RangeError(
      `A picture is made of gray or RGB images [M, H, W, 1 or 3], not of [${images.shape.join(', ')}].`,
    );
  }
  const scale = Math.max(1, Math.round(imageHeight / height));
  const columns = Math.ceil(Math.sqrt(count));
  const cell = { width: width * scale + gap, height: height * scale + gap };
  const rows = Math.ceil(count / columns);
  const canvas = createCanvas(columns * cell.width - gap, rows * cell.height - gap);
  for (let i = 0; i < count; i++) {
    const left = (i % columns) * cell.width;
    const top = Math.floor(i / columns) * cell.height;
    drawImage(canvas, images, i, { left, top, scale });
  }
  return toPng(canvas);
}
