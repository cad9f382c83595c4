/** Lines over anything, in panels side by side: over training steps, sizes, shares, or one measure against another. */
import { createFigure, escapeLabel, type Figure, type PlotlyObject } from './figure';
import { axis, formatNumber, lineStyle, logTicks, panelTitle, rounded } from './style';

/** Points joined in their order. */
export interface Line {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Standard errors of y, drawn as bars of two in each direction. */
  readonly stderr?: readonly number[];
  /** What is written beside the points, such as the training step of each. */
  readonly labels?: readonly string[];
}

/** Lines with common axes. */
export interface LinePanel {
  readonly title: string;
  /** Titles of the axes. */
  readonly x: string;
  readonly y: string;
  /** Whether the horizontal axis is logarithmic, with ticks at the points. Default false. */
  readonly logarithmic?: boolean;
  readonly lines: readonly Line[];
}

const gap = 0.12;

/**
 * Panels side by side, lines of the same name in the same style.
 *
 * @example
 * linesFigure([{ title: 'Fréchet distance', x: 'training step', y: 'FID', logarithmic: true, lines: [{ name: 'N = 1,000', x: steps, y: fids }] }],
 *   { title: 'Samples and features improve together', finding: 'The distance falls while the accuracy rises.' });
 *
 * @throws RangeError when there is no panel, one has no line, or a line not one finite y for each x
 */
export function linesFigure(
  panels: readonly LinePanel[],
  options: { title: string; subtitle?: string; finding: string },
): Figure {
  requirePanels(panels);
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(line => line.name)))];
  const width = (1 - gap * (panels.length - 1)) / panels.length;
  const placed = panels.map((panel, p) => ({
    panel,
    left: p * (width + gap),
    number: p === 0 ? '' : String(p + 1),
  }));
  const axes = placed.map(({ panel, left, number }) => ({
    [`xaxis${number}`]: axis({
      title: panel.x,
      domain: [left, left + width],
      anchor: `y${number}`,
      ...(panel.logarithmic &&
        logTicks(
          panel.lines.flatMap(line => line.x),
          16 / panels.length,
        )),
    }),
    [`yaxis${number}`]: axis({ title: panel.y, anchor: `x${number}` }),
  }));
  return createFigure({
    ...options,
    data: placed.flatMap(({ panel, number }, p) =>
      panel.lines.map(line => traceOf(line, number, names, !namedBefore(panels, p, line))),
    ),
    layout: {
      ...(Object.assign({}, ...axes) as PlotlyObject),
      annotations: placed.map(({ panel, left }) => panelTitle(escapeLabel(panel.title), left, 1)),
      showlegend: names.length > 1,
      legend: { orientation: 'h', x: 0, y: -0.24, yanchor: 'top' },
      margin: { l: 70, r: 24, t: options.subtitle === undefined ? 90 : 108, b: 96 },
    },
    height: 420,
  });
}

function namedBefore(panels: readonly LinePanel[], p: number, { name }: Line): boolean {
  return panels.slice(0, p).some(({ lines }) => lines.some(line => line.name === name));
}

function traceOf(line: Line, number: string, names: readonly string[], showlegend: boolean): PlotlyObject {
  const { color, dash, symbol } = lineStyle(names.indexOf(line.name), names.length);
  const name = escapeLabel(line.name);
  return {
    type: 'scatter',
    mode: line.labels ? 'lines+markers+text' : 'lines+markers',
    name,
    legendgroup: name,
    showlegend,
    xaxis: `x${number}`,
    yaxis: `y${number}`,
    x: line.x.map(rounded),
    y: line.y.map(rounded),
    line: { color, dash, width: 2 },
    marker: { color, symbol, size: 7 },
    ...(line.labels && {
      text: line.labels.map(escapeLabel),
      textposition: 'top right',
      cliponaxis: false, // a label at the right edge is drawn over the margin
      textfont: { size: 11, color },
    }),
    ...(line.stderr && {
      error_y: { type: 'data', array: line.stderr.map(error => rounded(2 * error)), color },
    }),
    hovertemplate: `%{x}: %{y:.4g}<extra>${name}</extra>`,
  };
}

function requirePanels(panels: readonly LinePanel[]): void {
  if (panels.length === 0) throw new RangeError('Give at least one panel of lines to draw.');
  for (const { title, lines } of panels) {
    if (lines.length === 0) throw new RangeError(`The panel "${title}" has no line.`);
    const wrong = lines.find(
      ({ x, y }) => x.length === 0 || x.length !== y.length || ![...x, ...y].every(Number.isFinite),
    );
    if (wrong) {
      throw new RangeError(
        `Line "${wrong.name}" of "${title}" needs one finite y for each x, but has ${wrong.y.map(formatNumber).join(', ')} for ${wrong.x.map(formatNumber).join(', ')}.`,
      );
    }
  }
}
