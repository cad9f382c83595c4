/** Figures of the solvable model: lines over the noise level, with or without a slider, and estimates in a plane. */
import type { Projection } from '../theory/projections';
import { createFigure, escapeLabel, type Figure, type PlotlyObject } from './figure';
import { axis, formatNumber, lineStyle, logTicks, panelTitle, rounded } from './style';

/** A line over noise levels. */
export interface LevelLine {
  readonly name: string;
  readonly values: readonly number[];
  /** Standard errors, drawn as bars of two in each direction. */
  readonly stderr?: readonly number[];
}

/** What a figure of lines shows. */
export interface LevelFigureOptions {
  readonly title: string;
  readonly subtitle?: string;
  /** What there is to see, in a sentence. */
  readonly finding: string;
  readonly sigmas: readonly number[];
  /** Title of the vertical axis. */
  readonly quantity: string;
  /** The vertical axis: from zero (default), from the smallest value, or logarithmic. */
  readonly scale?: 'zero' | 'range' | 'logarithmic';
}

/** Width of a PNG in CSS pixels: a notebook of a dozen figures stays below 1 MB. */
const width = 660;

/** Lines over the noise level. */
export function levelFigure(options: LevelFigureOptions & { lines: readonly LevelLine[] }): Figure {
  const { title, subtitle, finding, lines } = options;
  return createFigure({
    title,
    subtitle,
    finding,
    data: lines.map((line, i) => lineTrace(line, options.sigmas, i, lines.length)),
    layout: levelLayout(options),
    height: 370,
    width,
  });
}

/** The same lines for several settings, with a slider that works wherever Plotly does, in exported pages too. */
export function levelSlider(
  options: LevelFigureOptions & {
    /** What the slider sets, such as "delta". */
    parameter: string;
    settings: readonly { label: string; lines: readonly LevelLine[] }[];
  },
): Figure {
  const { title, subtitle, finding, parameter, settings } = options;
  const shown = Math.floor(settings.length / 2);
  const data = settings.flatMap(({ lines }, s) =>
    lines.map((line, i) => ({
      ...lineTrace(line, options.sigmas, i, lines.length),
      visible: s === shown,
    })),
  );
  const steps = settings.map(({ label }, s) => ({
    label,
    method: 'restyle',
    args: ['visible', settings.flatMap(({ lines }, other) => lines.map(() => other === s))],
  }));
  const slider = { active: shown, currentvalue: { prefix: `${parameter} = ` }, pad: { t: 60 }, steps };
  return createFigure({
    title,
    subtitle,
    finding,
    data,
    layout: { ...levelLayout(options), sliders: [slider] },
    height: 450,
    width,
  });
}

function levelLayout({ sigmas, quantity, scale = 'zero', subtitle }: LevelFigureOptions): PlotlyObject {
  return {
    xaxis: axis({ title: 'noise level \u03c3', ...logTicks(sigmas) }),
    yaxis: axis({ title: quantity, ...verticalScales[scale] }),
    legend: { orientation: 'h', x: 0, y: 1.02, yanchor: 'bottom' },
    margin: { l: 70, r: 24, t: subtitle === undefined ? 84 : 108, b: 60 },
  };
}

/** A logarithmic axis labelled with whole numbers at 1, 2 and 5 times the powers of ten. */
const decades: PlotlyObject = (() => {
  const tickvals = [-4, -3, -2, -1, 0, 1, 2, 3, 4, 5].flatMap(power =>
    [1, 2, 5].map(digit => digit * 10 ** power),
  );
  return { type: 'log', tickmode: 'array', tickvals, ticktext: tickvals.map(formatNumber) };
})();

const verticalScales: Record<NonNullable<LevelFigureOptions['scale']>, PlotlyObject> = {
  zero: { rangemode: 'tozero' },
  range: {},
  logarithmic: decades,
};

function lineTrace(line: LevelLine, sigmas: readonly number[], index: number, count: number): PlotlyObject {
  const { color, dash, symbol } = lineStyle(index, count);
  return {
    type: 'scatter',
    mode: 'lines+markers',
    name: escapeLabel(line.name),
    x: sigmas,
    y: line.values.map(rounded),
    line: { color, dash },
    marker: { color, symbol, size: 7 },
    ...(line.stderr && { error_y: { type: 'data', array: line.stderr.map(e => rounded(2 * e)), color } }),
  };
}

/** Estimates in a plane, a panel a noise level, a colour a class; all panels on one scale, so that spreads compare. */
export function projectionFigure(
  projections: readonly Projection[],
  options: { title: string; finding: string },
): Figure {
  const classes = Math.max(...projections.flatMap(({ labels }) => labels)) + 1;
  const gap = 0.04;
  const width = (1 - gap * (projections.length - 1)) / projections.length;
  const lefts = projections.map((_, p) => p * (width + gap));
  return createFigure({
    ...options,
    subtitle: 'coordinates in the plane, in units of x\u2080; one scale for all panels',
    data: projections.flatMap((projection, p) =>
      Array.from({ length: classes }, (_, k) => classTrace(projection, k, classes, suffixOf(p), p === 0)),
    ),
    layout: {
      margin: { l: 60, r: 24, t: 96, b: 92 },
      ...Object.fromEntries(lefts.flatMap((left, p) => Object.entries(planeAxes(p, [left, left + width])))),
      annotations: projections.map(({ sigma }, p) => panelTitle(`\u03c3 = ${sigma}`, lefts[p], 1)),
      legend: { orientation: 'h', x: 0, y: -0.25, yanchor: 'top' },
    },
    height: 376,
    width: 860,
  });
}

/** What the axes of panel p are called after: '', then '2', '3', ... */
const suffixOf = (p: number) => (p === 0 ? '' : String(p + 1));

/** Axes of panel p: the first has equal scales in both directions, the others its ranges. */
function planeAxes(p: number, domain: [number, number]): PlotlyObject {
  const suffix = suffixOf(p);
  const x = p === 0 ? {} : { matches: 'x' };
  const y = p === 0 ? { title: 'second coordinate', scaleanchor: 'x' } : { matches: 'y' };
  return {
    [`xaxis${suffix}`]: axis({ title: 'first coordinate', domain, anchor: `y${suffix}`, ...x }),
    [`yaxis${suffix}`]: axis({ anchor: `x${suffix}`, ...y }),
  };
}

function classTrace(
  { x, y, labels }: Projection,
  k: number,
  classes: number,
  suffix: string,
  legend: boolean,
): PlotlyObject {
  const members = [...labels.keys()].filter(i => labels[i] === k);
  const { color, symbol } = lineStyle(k, classes);
  return {
    type: 'scatter',
    mode: 'markers',
    name: `class ${k}`,
    legendgroup: `class ${k}`,
    showlegend: legend,
    x: members.map(i => rounded(x[i])),
    y: members.map(i => rounded(y[i])),
    xaxis: `x${suffix}`,
    yaxis: `y${suffix}`,
    marker: { color, symbol, size: 4, opacity: 0.6 },
  };
}
