/** Images in labelled rows and columns. */
import type { TensorValue } from '../engine/values';
import { ink, type PlotlyObject } from './figure';
import { type Canvas, createCanvas, drawImage, toDataUri } from './pictures';

/** What is shown where. */
export interface PictureTable {
  /** Titles of the columns. */
  readonly columns: readonly string[];
  /** Titles of the rows of a group. */
  readonly rows: readonly string[];
  /** How many groups of rows stand below each other. */
  readonly groups: number;
  /** The image at a place: number `index` of `images` [M, H, W, C], C = 1 or 3, all of one height and width. */
  readonly imageAt: (group: number, row: number, column: number) => { images: TensorValue; index: number };
}

/** Measures in pixels of the canvas, which is shown at half its size. */
const imageSize = 128;
const gap = 8;
const groupGap = 32;
/** In CSS pixels. */
const margin = { l: 64, r: 16, t: 84, b: 12 };
const minimumWidth = 560;

/** Data, layout and size of a figure that shows the table; `below` leaves room, in CSS pixels, for a legend under it. */
export function pictureTable(table: PictureTable, below = 0) {
  const { canvas, annotations } = draw(table);
  const width = Math.max(minimumWidth, margin.l + canvas.width / 2 + margin.r);
  const data: PlotlyObject[] = [
    {
      type: 'scatter',
      mode: 'markers',
      x: [0],
      y: [0],
      marker: { opacity: 0 },
      hoverinfo: 'skip',
      showlegend: false,
    },
  ];
  return {
    data,
    layout: {
      images: [pictureOf(canvas)],
      xaxis: { visible: false, range: [0, canvas.width], constrain: 'domain' },
      yaxis: { visible: false, range: [canvas.height, 0], scaleanchor: 'x', constrain: 'domain' },
      annotations,
      showlegend: false,
      margin: { ...margin, r: width - margin.l - canvas.width / 2, b: margin.b + below },
      width,
    },
    width,
    height: margin.t + canvas.height / 2 + margin.b + below,
  };
}

/** All images on one canvas, and the labels of rows and columns. */
function draw({ columns, rows, groups, imageAt }: PictureTable) {
  const [, height, width] = imageAt(0, 0, 0).images.shape;
  const scale = Math.max(1, Math.round(imageSize / Math.max(height, width)));
  const cell = { width: width * scale + gap, height: height * scale + gap };
  const between = rows.length > 1 ? groupGap : 0;
  const group = rows.length * cell.height + between;
  const canvas = createCanvas(columns.length * cell.width - gap, groups * group - (between || gap));
  const annotations = columns.map((title, column) => {
    const middle = column * cell.width + (cell.width - gap) / 2;
    return text(title, { x: middle, y: 1, yref: 'paper', yanchor: 'bottom' });
  });
  for (let g = 0; g < groups; g++) {
    rows.forEach((title, row) => {
      const top = g * group + row * cell.height;
      const middle = top + (cell.height - gap) / 2;
      annotations.push(text(title, { x: 0, xref: 'paper', xanchor: 'right', xshift: -6, y: middle }));
      columns.forEach((_, column) => {
        const { images, index } = imageAt(g, row, column);
        drawImage(canvas, images, index, { left: column * cell.width, top, scale });
      });
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
