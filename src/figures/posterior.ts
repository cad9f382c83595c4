/** Posterior estimates over the noise level as pictures (paper, Fig. 12): fine details go first, then the class. */
import type { TensorValue } from '../engine/values';
import type { PosteriorEstimate } from '../representation/posterior';
import { createFigure, type Figure, ink, type PlotlyObject } from './figure';
import { type Canvas, createCanvas, drawImage, toDataUri } from './pictures';
import { formatNumber } from './style';

/** What is shown. */
export interface PosteriorFigureOptions {
  /** How many of the images, the first ones. Default 3. */
  readonly images?: number;
  readonly title?: string;
}

/** The three rows of an image. */
const rows = [
  { label: 'x<sub>t</sub>', of: (estimate: PosteriorEstimate) => estimate.noisy },
  { label: 'D(x<sub>t</sub>)', of: (estimate: PosteriorEstimate) => estimate.fromNoisy },
  { label: 'D(x<sub>0</sub>)', of: (estimate: PosteriorEstimate) => estimate.fromClean },
] as const;

/** Measures in pixels of the canvas, which is shown at half its size. */
const imageSize = 128;
const gap = 8;
const groupGap = 32;
/** In CSS pixels. */
const margin = { l: 64, r: 16, t: 84, b: 12 };
const minimumWidth = 560;

/**
 * A column for each noise level; for each image the noisy image, its estimate, and the estimate of the clean image.
 * @param estimates as posteriorEstimates gives them: images [N, H, W, C], C = 1 or 3
 * @throws RangeError when there is no estimate, images are not gray or RGB, or fewer than asked for
 */
export function posteriorFigure(
  estimates: readonly PosteriorEstimate[],
  { images = 3, title = 'Posterior estimates over the noise level' }: PosteriorFigureOptions = {},
): Figure {
  requireEstimates(estimates, images);
  const { canvas, annotations } = draw(estimates, images);
  const width = Math.max(minimumWidth, margin.l + canvas.width / 2 + margin.r);
  return createFigure({
    title,
    finding: describe(estimates, images),
    data: [{ type: 'scatter', mode: 'markers', x: [0], y: [0], marker: { opacity: 0 }, hoverinfo: 'skip' }],
    layout: {
      images: [pictureOf(canvas)],
      xaxis: { visible: false, range: [0, canvas.width], constrain: 'domain' },
      yaxis: { visible: false, range: [canvas.height, 0], scaleanchor: 'x', constrain: 'domain' },
      annotations,
      showlegend: false,
      margin: { ...margin, r: width - margin.l - canvas.width / 2 },
      width,
    },
    width,
    height: margin.t + canvas.height / 2 + margin.b,
  });
}

/** All images on one canvas, and the labels of rows and columns. */
function draw(estimates: readonly PosteriorEstimate[], images: number) {
  const [, height, width] = estimates[0].noisy.shape;
  const scale = Math.max(1, Math.round(imageSize / Math.max(height, width)));
  const cell = { width: width * scale + gap, height: height * scale + gap };
  const group = rows.length * cell.height + groupGap;
  const canvas = createCanvas(estimates.length * cell.width - gap, images * group - groupGap);
  const annotations = estimates.map(({ sigma }, column) => {
    const middle = column * cell.width + (cell.width - gap) / 2;
    return text(`\u03c3 = ${formatNumber(sigma)}`, { x: middle, y: 1, yref: 'paper', yanchor: 'bottom' });
  });
  for (let image = 0; image < images; image++) {
    rows.forEach(({ label, of }, row) => {
      const top = image * group + row * cell.height;
      const middle = top + (cell.height - gap) / 2;
      annotations.push(text(label, { x: 0, xref: 'paper', xanchor: 'right', xshift: -6, y: middle }));
      estimates.forEach((estimate, column) =>
        drawImage(canvas, of(estimate), image, { left: column * cell.width, top, scale }),
      );
    });
  }
  return { canvas, annotations };
}

function pictureOf(canvas: Canvas): PlotlyObject {
  const { width, height } = canvas;
  const place = { xref: 'x', yref: 'y', x: 0, y: 0, sizex: width, sizey: height };
  return { source: toDataUri(canvas), ...place, sizing: 'stretch', layer: 'below' };
}

/** A label beside the picture; one outside the axes' range is only drawn when that place is given on paper. */
function text(label: string, place: PlotlyObject): PlotlyObject {
  const font = { size: 12, color: ink.text };
  return { text: label, xref: 'x', yref: 'y', showarrow: false, font, ...place };
}

/** How much contrast the estimates keep, as the mean over images of the pixels' standard deviation. */
function describe(estimates: readonly PosteriorEstimate[], images: number): string {
  const [first, last] = [estimates[0], estimates[estimates.length - 1]];
  const kept = (of: (estimate: PosteriorEstimate) => TensorValue) => {
    const share = contrast(of(last), images) / contrast(of(first), images);
    return Number.isFinite(share) ? (100 * share).toFixed(0) : '0';
  };
  return (
    `From sigma ${formatNumber(first.sigma)} to ${formatNumber(last.sigma)} the contrast of the estimates of ${images} images ` +
    `goes to ${kept(rows[1].of)} % for noisy and ${kept(rows[2].of)} % for clean input.`
  );
}

function contrast({ values, shape }: TensorValue, images: number): number {
  const size = values.length / shape[0];
  let sum = 0;
  for (let image = 0; image < images; image++) {
    const own = Array.from(values.subarray(image * size, (image + 1) * size));
    const mean = own.reduce((a, b) => a + b, 0) / size;
    sum += Math.sqrt(own.reduce((a, b) => a + (b - mean) ** 2, 0) / size);
  }
  return sum / images;
}

function requireEstimates(estimates: readonly PosteriorEstimate[], images: number): void {
  if (estimates.length === 0) throw new RangeError('Give the estimates of at least one noise level.');
  const { shape } = estimates[0].noisy;
  if (shape.length !== 4 || (shape[3] !== 1 && shape[3] !== 3)) {
    throw new RangeError(
      `Only gray or RGB images can be drawn, [N, H, W, 1 or 3], not [${shape.join(', ')}].`,
    );
  }
  if (!Number.isInteger(images) || images < 1 || images > shape[0]) {
    throw new RangeError(
      `There are estimates of ${shape[0]} images, so 1 to ${shape[0]} can be shown, not ${images}.`,
    );
  }
}
