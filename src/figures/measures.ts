/** Several measures over the noise level, a panel each: do they turn at the same level? */
import { createFigure, escapeLabel, type Figure, type PlotlyObject } from './figure';
import { heightOfPanels, type Place, placesOf } from './panels';
import { axis, formatNumber, lineStyle, logTicks, panelTitle, rounded } from './style';

/** One line of a panel, for instance of one model. Every SigmaCurve with a name is one. */
export interface MeasureLine {
  readonly name: string;
  /** Noise levels, increasing. */
  readonly sigmas: readonly number[];
  /** One value a noise level. */
  readonly values: readonly number[];
}

/** One measure. */
export interface MeasurePanel {
  /** What is measured, with its unit: "test accuracy, %". */
  readonly title: string;
  readonly lines: readonly MeasureLine[];
  /** Which end of each line gets a ring: the highest value (accuracy, SNR; default) or the lowest (ICR, a distance). */
  readonly extreme?: 'highest' | 'lowest';
}

const margin = { l: 60, r: 24, t: 100, b: 92 };

/**
 * Small multiples over the noise level, lines of the same name in the same style.
 *
 * @example
 * measuresFigure([
 *   { title: 'test accuracy, %', lines: [{ name: 'N = 1,000', sigmas, values: accuracies(curve) }] },
 *   { title: 'ICR', lines: [{ name: 'N = 1,000', ...ratio }], extreme: 'lowest' },
 * ]);
 *
 * @throws RangeError when there is no panel, one has no line, or a line not one finite value a noise level
 */
export function measuresFigure(
  panels: readonly MeasurePanel[],
  { title = 'Measures over the noise level' }: { title?: string } = {},
): Figure {
  requirePanels(panels);
  const height = heightOfPanels(panels.length);
  const places = placesOf(panels.length);
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(line => line.name)))];
  const named = new Set<string>();
  return createFigure({
    title,
    subtitle: describeRings(panels),
    finding: panels.map(describe).join(' '),
    data: panels.flatMap((panel, p) =>
      panel.lines.flatMap(line => {
        const showlegend = !named.has(line.name);
        named.add(line.name);
        return tracesOf(panel, line, places[p], names, showlegend);
      }),
    ),
    layout: {
      ...Object.fromEntries(panels.flatMap((panel, p) => Object.entries(axesOf(panel, places[p])))),
      annotations: panels.map((panel, p) =>
        panelTitle(escapeLabel(panel.title), places[p].x[0], places[p].y[1]),
      ),
      showlegend: names.length > 1,
      legend: { orientation: 'h', x: 0, y: -58 / height, yanchor: 'top' },
      margin,
    },
    height: margin.t + height + margin.b,
  });
}

function axesOf({ lines }: MeasurePanel, { x, y, number }: Place): PlotlyObject {
  const ticks = logTicks(
    lines.flatMap(line => line.sigmas),
    6,
  );
  return {
    [`xaxis${number}`]: axis({ title: 'noise level \u03c3', domain: x, anchor: `y${number}`, ...ticks }),
    [`yaxis${number}`]: axis({ domain: y, anchor: `x${number}` }),
  };
}

function tracesOf(
  panel: MeasurePanel,
  { name, sigmas, values }: MeasureLine,
  { number }: Place,
  names: readonly string[],
  showlegend: boolean,
): PlotlyObject[] {
  const { color, dash, symbol } = lineStyle(names.indexOf(name), names.length);
  const at = extremeOf(panel, values);
  const label = escapeLabel(name);
  const shared = {
    type: 'scatter',
    xaxis: `x${number}`,
    yaxis: `y${number}`,
    name: label,
    legendgroup: label,
  };
  return [
    {
      ...shared,
      mode: 'lines+markers',
      showlegend,
      x: sigmas,
      y: values.map(rounded),
      line: { color, dash, width: 2 },
      marker: { color, symbol, size: 6 },
      hovertemplate: `\u03c3 = %{x}: %{y:.4g}<extra>${label}</extra>`,
    },
    {
      ...shared,
      mode: 'markers',
      showlegend: false,
      x: [sigmas[at]],
      y: [rounded(values[at])],
      hoverinfo: 'skip',
      marker: { symbol: 'circle-open', size: 15, color, line: { width: 2.5, color } },
    },
  ];
}

/** The index of the highest or lowest value; of equal ones the lowest noise level. */
function extremeOf({ extreme = 'highest' }: MeasurePanel, values: readonly number[]): number {
  return values.indexOf(extreme === 'highest' ? Math.max(...values) : Math.min(...values));
}

function describeRings(panels: readonly MeasurePanel[]): string {
  const lowest = panels.filter(({ extreme }) => extreme === 'lowest');
  if (lowest.length === panels.length) return 'rings: the lowest value of each line';
  const exceptions = lowest.map(({ title }) => `, the lowest of \u201c${title}\u201d`);
  return `rings: the highest value of each line${exceptions.join('')}`;
}

function describe(panel: MeasurePanel): string {
  const { title, lines, extreme = 'highest' } = panel;
  const ends = lines.map(({ name, sigmas, values }) => {
    const at = extremeOf(panel, values);
    const line = lines.length > 1 ? ` (${name})` : '';
    return `${formatNumber(values[at])} at sigma ${formatNumber(sigmas[at])}${line}`;
  });
  return `${title}: ${extreme} ${ends.join(', ')}.`;
}

function requirePanels(panels: readonly MeasurePanel[]): void {
  if (panels.length === 0) throw new RangeError('Give at least one measure to draw.');
  for (const { title, lines } of panels) {
    if (lines.length === 0) throw new RangeError(`The panel "${title}" has no line.`);
    const wrong = lines.find(
      ({ sigmas, values }) =>
        sigmas.length === 0 || sigmas.length !== values.length || !values.every(Number.isFinite),
    );
    if (wrong) {
      throw new RangeError(
        `Line "${wrong.name}" of "${title}" needs one finite value a noise level, but has ${wrong.values.join(', ')} for ${wrong.sigmas.length} levels.`,
      );
    }
  }
}
