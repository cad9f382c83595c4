/** Segmented images over the noise level as pictures (paper, Fig. 1b). */
import type { TensorValue } from '../engine/values';
import { createFigure, escapeLabel, type Figure, type PlotlyObject } from './figure';
import { pictureTable } from './picture-table';
import { channels, formatNumber } from './style';

/** What is shown. Class 0 is the background. */
export interface SegmentedImages {
  /** [M, H, W, C], C = 1 or 3, in [-1, 1]. */
  readonly images: TensorValue;
  /** The class of each pixel, [M, H, W]. */
  readonly masks: ArrayLike<number>;
  readonly classNames: readonly string[];
  readonly sigmas: readonly number[];
  /** For each noise level: the classes found, [M, H, W]. */
  readonly found: readonly ArrayLike<number>[];
}

/** Ten colours that are told apart with any colour vision (Tol 2021, "muted"), after a light gray for the background. */
const colors = [
  '#eef0f2',
  '#332288',
  '#88ccee',
  '#44aa99',
  '#117733',
  '#999933',
  '#ddcc77',
  '#cc6677',
  '#882255',
  '#aa4499',
  '#661100',
];

const colorOf = (classIndex: number) =>
  colors[classIndex === 0 ? 0 : 1 + ((classIndex - 1) % (colors.length - 1))];

/**
 * A row for each image: the image, its mask, and the classes found at each noise level.
 * @throws RangeError when the masks or classes are not those of the images
 */
export function segmentationFigure(
  segmented: SegmentedImages,
  { title = 'Segmentation over the noise level' }: { title?: string } = {},
): Figure {
  const { images, masks, classNames, sigmas, found } = segmented;
  const [count, height, width] = images.shape;
  const wrong = [masks, ...found].find(classes => classes.length !== count * height * width);
  if (wrong || found.length !== sigmas.length) {
    throw new RangeError(
      `Of ${count} images of ${height} x ${width} one class a pixel is shown at each of ${sigmas.length} noise levels, not ${(wrong ?? found).length}.`,
    );
  }
  const shape = [count, height, width];
  const pictures = [images, coloured(masks, shape), ...found.map(classes => coloured(classes, shape))];
  const { data, layout, ...size } = pictureTable(
    {
      columns: ['image', 'mask', ...sigmas.map(sigma => `\u03c3 = ${formatNumber(sigma)}`)],
      rows: [''],
      groups: count,
      imageAt: (index, _, column) => ({ images: pictures[column], index }),
    },
    40,
  );
  const shown = classNames.map((_, k) => k).filter(k => k > 0);
  return createFigure({
    title,
    subtitle: `light gray: ${classNames[0]}`,
    finding: describe(segmented),
    data: [...data, ...shown.map(k => legendOf(classNames[k], colorOf(k)))],
    layout: { ...layout, showlegend: true, legend: { orientation: 'h', x: 0, y: 0, yanchor: 'top' } },
    ...size,
  });
}

/** Classes as RGB images. */
function coloured(classes: ArrayLike<number>, shape: readonly number[]): TensorValue {
  const values = new Float32Array(3 * classes.length);
  for (let i = 0; i < classes.length; i++) {
    values.set(
      channels(colorOf(classes[i])).map(byte => byte / 127.5 - 1),
      3 * i,
    );
  }
  return { dtype: 'float32', shape: [...shape, 3], values };
}

function legendOf(name: string, color: string): PlotlyObject {
  const marker = { symbol: 'square', size: 10, color };
  return { type: 'scatter', mode: 'markers', x: [null], y: [null], name: escapeLabel(name), marker };
}

function describe({ masks, sigmas, found }: SegmentedImages): string {
  const pixels = Array.from(masks);
  const objects = pixels.filter(value => value > 0).length;
  const shares = found.map(classes => {
    const right = pixels.filter((value, i) => value > 0 && classes[i] === value).length;
    return (100 * right) / objects;
  });
  const each = sigmas.map((sigma, s) => `${shares[s].toFixed(0)} % at sigma ${formatNumber(sigma)}`);
  return `Pixels of objects whose class is found: ${each.join(', ')}.`;
}
