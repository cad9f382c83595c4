/** Generated images, each above the training image that is nearest to it: what copying looks like. */
import type { TensorValue } from '../engine/values';
import { createFigure, escapeLabel, type Figure, type PlotlyObject } from './figure';
import { createCanvas, drawImage, fill, type Rgb, toDataUri } from './pictures';

/** One group of samples, for instance of one training-set size. */
export interface SampleRow {
  /** Shown at the left: "N = 32". */
  readonly label: string;
  /** Generated images, [M, H, W, C], C = 1 or 3, in [-1, 1]. */
  readonly samples: TensorValue;
  /** The training image nearest to each, of the same shape; without it only the samples are shown. */
  readonly nearestImages?: TensorValue;
  /** Whether each sample is a copy: copies get a coloured frame. */
  readonly copies?: readonly boolean[];
}

/** What is shown. */
export interface SampleFigureOptions {
  /** Images in a row, the first ones. Default 12. */
  readonly columns?: number;
  readonly title?: string;
}

/** Measures in pixels of the canvas, which is shown at half its size. */
const frame = 4;
const gap = 8;
const imageSize = 96;
/** Room for the title, in CSS pixels. */
const minimumWidth = 560;
const copyColor: Rgb = [0xd5, 0x5e, 0x00];
const plainColor: Rgb = [0xd0, 0xd4, 0xd9];

/**
 * Samples above their nearest training images, one group a row.
 *
 * @example
 * sampleFigure([{ label: 'N = 32', samples, nearestImages, copies: Array.from(score.ratios, ratio => ratio < 1 / 3) }]);
 *
 * @throws RangeError when there is no row, images differ in shape, are not gray or RGB, or `columns` is no positive whole number.
 */
export function sampleFigure(rows: readonly SampleRow[], options: SampleFigureOptions = {}): Figure {
  const { columns = 12, title = 'Generated images above the nearest training images' } = options;
  requireRows(rows, columns);
  const shown = Math.min(columns, Math.max(...rows.map(row => row.samples.shape[0])));
  const places = placesOf(rows, shown);
  const labelWidth = 24 + 8 * Math.max(...rows.map(row => row.label.length));
  const width = Math.max(minimumWidth, labelWidth + places.width / 2 + 8);
  const marked = rows.some(row => row.copies !== undefined);
  const margin = { l: labelWidth, r: width - labelWidth - places.width / 2, t: marked ? 74 : 48, b: 8 };
  return createFigure({
    title,
    subtitle: marked ? 'coloured frame: a copy of a training image' : undefined,
    finding: `${rows.map(row => describe(row, shown)).join('; ')}.`,
    data: [hoverTrace(rows, shown, places)],
    layout: {
      images: [pictureOf(rows, shown, places)],
      xaxis: { visible: false, range: [0, places.width], constrain: 'domain' },
      yaxis: { visible: false, range: [places.height, 0], scaleanchor: 'x', constrain: 'domain' },
      annotations: rows.map((row, r) => rowLabel(row, places.middles[r])),
      showlegend: false,
      margin,
      width,
    },
    width,
    height: margin.t + places.height / 2 + margin.b,
  });
}

interface Places {
  /** Size of the canvas. */
  readonly width: number;
  readonly height: number;
  /** Canvas pixels for a pixel of an image. */
  readonly scale: number;
  /** Width and height of an image with its frame. */
  readonly cell: readonly [number, number];
  /** Upper edge and middle of each row. */
  readonly tops: readonly number[];
  readonly middles: readonly number[];
}

function placesOf(rows: readonly SampleRow[], shown: number): Places {
  const [, imageHeight, imageWidth] = rows[0].samples.shape;
  const scale = Math.max(1, Math.round(imageSize / Math.max(imageHeight, imageWidth)));
  const cell = [imageWidth * scale + 2 * frame, imageHeight * scale + 2 * frame] as const;
  const heights = rows.map(row => cell[1] * (row.nearestImages ? 2 : 1) + 2 * gap);
  const tops = heights.map((_, r) => heights.slice(0, r).reduce((sum, height) => sum + height, 0));
  return {
    width: shown * (cell[0] + gap) - gap,
    height: heights.reduce((sum, height) => sum + height, 0),
    scale,
    cell,
    tops,
    middles: tops.map((top, r) => top + heights[r] / 2 - gap),
  };
}

/** All images of the figure as one picture. */
function pictureOf(rows: readonly SampleRow[], shown: number, places: Places): PlotlyObject {
  const canvas = createCanvas(places.width, places.height);
  rows.forEach(({ samples, nearestImages, copies }, r) => {
    for (let i = 0; i < Math.min(shown, samples.shape[0]); i++) {
      const left = i * (places.cell[0] + gap);
      [samples, ...(nearestImages ? [nearestImages] : [])].forEach((images, line) => {
        const top = places.tops[r] + line * places.cell[1];
        fill(canvas, left, top, [...places.cell], copies?.[i] ? copyColor : plainColor);
        drawImage(canvas, images, i, { left: left + frame, top: top + frame, scale: places.scale });
      });
    }
  });
  return {
    source: toDataUri(canvas),
    xref: 'x',
    yref: 'y',
    x: 0,
    y: 0,
    sizex: places.width,
    sizey: places.height,
    sizing: 'stretch',
    layer: 'below',
  };
}

/** Invisible points that say what an image is when it is pointed at; Plotly also needs a trace to draw axes. */
function hoverTrace(rows: readonly SampleRow[], shown: number, places: Places): PlotlyObject {
  const points = rows.flatMap(({ label, samples, copies }, r) =>
    Array.from({ length: Math.min(shown, samples.shape[0]) }, (_, i) => ({
      x: i * (places.cell[0] + gap) + places.cell[0] / 2,
      y: places.middles[r],
      text: `${escapeLabel(label)}, sample ${i + 1}${copies ? (copies[i] ? ': a copy' : ': new') : ''}`,
    })),
  );
  return {
    type: 'scatter',
    mode: 'markers',
    marker: { opacity: 0, size: 40 },
    x: points.map(point => point.x),
    y: points.map(point => point.y),
    text: points.map(point => point.text),
    hoverinfo: 'text',
  };
}

function rowLabel({ label }: SampleRow, y: number): PlotlyObject {
  return {
    text: escapeLabel(label),
    x: 0,
    xref: 'paper',
    xanchor: 'right',
    xshift: -10,
    y,
    yref: 'y',
    yanchor: 'middle',
    showarrow: false,
  };
}

function describe({ label, samples, copies }: SampleRow, shown: number): string {
  const count = Math.min(shown, samples.shape[0]);
  const copied = copies?.slice(0, count).filter(Boolean).length;
  return `${label}: ${copied === undefined ? '' : `${copied} copies in `}${count} images`;
}

function requireRows(rows: readonly SampleRow[], columns: number): void {
  if (!Number.isInteger(columns) || columns < 1) {
    throw new RangeError(`"columns" must be a positive whole number, but it is ${columns}.`);
  }
  if (rows.length === 0)
    throw new RangeError('A figure of samples needs at least one row, but the list is empty.');
  const shape = rows[0].samples.shape;
  if (shape.length !== 4 || shape[0] === 0 || (shape[3] !== 1 && shape[3] !== 3)) {
    throw new RangeError(
      `Samples must be gray or RGB images, [M, H, W, 1 or 3], but they are [${shape.join(', ')}].`,
    );
  }
  for (const { label, samples, nearestImages, copies } of rows) {
    const sameImage = samples.shape.slice(1).join() === shape.slice(1).join();
    const sameNearest = nearestImages === undefined || nearestImages.shape.join() === samples.shape.join();
    if (!sameImage || !sameNearest || (copies && copies.length < samples.shape[0])) {
      throw new RangeError(
        `All images of a figure must have one shape, and each sample its nearest image and mark, but row "${label}" has ` +
          `samples [${samples.shape.join(', ')}], nearest images [${nearestImages?.shape.join(', ') ?? 'none'}] and ` +
          `${copies?.length ?? 'no'} marks beside [${shape.join(', ')}] of the first row.`,
      );
    }
  }
}
