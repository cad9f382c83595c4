/**
 * A figure as a value: Plotly's data and layout, a title and a sentence that states the finding. In a notebook it draws
 * itself as one output in three formats: Plotly's JSON for front ends that can draw it, a PNG for those that cannot
 * (GitHub, nbviewer), and text. plotly.js itself is never part of an output: the front ends have their own.
 */
import { displaySymbol, type MimeBundle } from '../display/host';
import { renderPng } from './png';

/** A trace, a layout or a part of one in Plotly's schema (plotly.js 3), as JSON. */
export type PlotlyObject = Record<string, unknown>;

/** A figure that draws itself in a notebook. */
export interface Figure {
  /** Plotly's traces. */
  readonly data: readonly PlotlyObject[];
  /** Plotly's layout. */
  readonly layout: PlotlyObject;
  /** Short title, plain text. */
  readonly title: string;
  /** What the figure shows, in sentences, for those who do not see it: title and finding. */
  readonly alt: string;
  /** Size of the PNG in CSS pixels; the live figure takes the width of the page. */
  readonly width: number;
  readonly height: number;
  /** The figure in the formats that front ends ask for. */
  [displaySymbol](): Promise<MimeBundle>;
}

/** What a figure is made of; `layout` holds what is particular to it. */
export interface FigureParts {
  readonly data: readonly PlotlyObject[];
  readonly layout: PlotlyObject;
  readonly title: string;
  /** A line below the title. */
  readonly subtitle?: string;
  /** One or two sentences. */
  readonly finding: string;
  /** Height in CSS pixels. */
  readonly height: number;
  /** Width of the PNG in CSS pixels. Default 900. */
  readonly width?: number;
}

/** Greys of text and lines; the softest text has a contrast of 5.9 on white (WCAG AA asks for 4.5). */
export const ink = { text: '#2a2e34', soft: '#5f6670', line: '#8a9099', grid: '#e6e8eb' } as const;

/** Plotly's settings of the live figure. */
const config = { responsive: true, displaylogo: false };

/** Numbers in all traces together, at most: a notebook writes each on a line of its own, and is shared up to 1 MB. */
const mostValues = 50_000;

/**
 * Makes a figure in the common style: white, title at the left, legible at 900 pixels.
 * @throws RangeError when its traces hold more than 50,000 numbers: a notebook with it would be too large to be shared.
 */
export function createFigure(parts: FigureParts): Figure {
  const { data, title, subtitle, finding, height, width = 900 } = parts;
  const values = valuesIn(data);
  if (values > mostValues) {
    throw new RangeError(
      `The figure "${title}" has ${values.toLocaleString('en-US')} numbers in its traces, and at most ${mostValues.toLocaleString('en-US')} can be shared in a notebook. Draw every k-th point, averages of groups, or a random part of them.`,
    );
  }
  const layout: PlotlyObject = {
    title: titleOf(title, subtitle),
    font: { family: 'Open Sans, Helvetica, Arial, sans-serif', size: 13, color: ink.text },
    paper_bgcolor: 'white',
    plot_bgcolor: 'white',
    autosize: true,
    height,
    ...parts.layout,
  };
  const alt = `${title}. ${finding}`;
  return {
    data,
    layout,
    title,
    alt,
    width,
    height,
    [displaySymbol]: async () => {
      const png = await renderPng({ data, layout }, { width, height });
      return {
        'application/vnd.plotly.v1+json': { data, layout, config },
        ...(png === undefined ? {} : { 'image/png': png }),
        'text/plain': alt,
      };
    },
  };
}

/** How many numbers and texts the lists in a value hold. */
function valuesIn(value: unknown): number {
  if (ArrayBuffer.isView(value)) return (value as Uint8Array).length;
  if (typeof value !== 'object' || value === null) return 0;
  const parts: unknown[] = Object.values(value);
  const own = Array.isArray(value) ? parts.filter(part => typeof part !== 'object').length : 0;
  return parts.reduce<number>((sum, part) => sum + valuesIn(part), own);
}

function titleOf(title: string, subtitle?: string): PlotlyObject {
  const below = { text: escapeLabel(subtitle ?? ''), font: { size: 12.5, color: ink.soft } };
  return {
    text: escapeLabel(title),
    font: { size: 17 },
    x: 0,
    xref: 'container',
    xanchor: 'left',
    y: 1,
    yref: 'container',
    yanchor: 'top',
    pad: { l: 16, t: 16 },
    ...(subtitle === undefined ? {} : { subtitle: below }),
  };
}

/** Text for Plotly's labels, which understand HTML tags and entities: shown as it is. */
export function escapeLabel(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
