/** The figure that the project exists for: as the training set grows, copies end and the curve becomes a hill. */
import { decreasingRise, unimodalRise, type Verdict } from '../curve/analysis';
import { bandNote, curveAxes, curveTraces, threshold } from './curves';
import { createFigure, type Figure, ink, type PlotlyObject } from './figure';
import { axis, formatNumber, logTicks, panelTitle, quantities, rounded } from './style';
import {
  novelThreshold,
  type SummaryOptions,
  summarizeTransition,
  transitionFinding,
  type TransitionRow,
  type TransitionValues,
} from './summary';

/** Marker of each verdict: a hill, a slope downwards, and an open circle for no decision. */
const verdictSymbols: Record<Verdict, string> = {
  unimodal: 'triangle-up',
  decreasing: 'triangle-down',
  undecided: 'circle-open',
};

/** Where the panels lie, in shares of the width and height. */
const leftPanel = [0, 0.54];
const rightPanel = [0.63, 1];
const upperPanel = [0.59, 1];
const lowerPanel = [0, 0.4];

const margin = { l: 62, r: 20, t: 92, b: 100 };
const plotHeight = 412;

/**
 * Left: representation curves by training-set size, with error bands and marked peaks. Right: the rise of the curve (its
 * peak less the lowest noise level) with the thresholds of the verdict, and below it the share of generated images that are
 * new and their cosine similarity to the nearest training image, over training-set size.
 * @throws RangeError when there is nothing to draw or a curve is not valid, see analyseCurve.
 */
export function transitionFigure(
  transition: TransitionValues,
  options: SummaryOptions & { readonly title?: string } = {},
): Figure {
  const rows = summarizeTransition(transition, options);
  const curves = rows.map(row => ({ name: formatNumber(row.trainingSize), analysis: row.analysis }));
  return createFigure({
    title: options.title ?? 'From memorization to generalization, as the training set grows',
    finding: transitionFinding(rows),
    data: [...curveTraces(curves, { legend: true }), ...riseTraces(rows), ...noveltyTraces(rows)],
    layout: {
      ...axes(rows),
      ...legends,
      shapes: [
        threshold(unimodalRise, { x: 'x2', y: 'y2' }),
        threshold(decreasingRise, { x: 'x2', y: 'y2' }),
        threshold(novelThreshold, { x: 'x3', y: 'y3' }),
      ],
      annotations: [
        panelTitle('Representation curves', leftPanel[0], 1, bandNote(rows[0].analysis)),
        panelTitle('Rise of the curve to its peak', rightPanel[0], upperPanel[1], thresholdNote),
        panelTitle('Generated images', rightPanel[0], lowerPanel[1], noveltyNote),
      ],
      margin,
    },
    height: margin.t + plotHeight + margin.b,
    width: 1000,
  });
}

function axes(rows: readonly TransitionRow[]): PlotlyObject {
  const sizes = rows.map(row => row.trainingSize);
  return {
    ...curveAxes(rows[0].analysis.sigmas, leftPanel),
    xaxis2: sizeAxis(sizes, { anchor: 'y2' }),
    xaxis3: sizeAxis(sizes, { anchor: 'y3', matches: 'x2', title: 'training images N' }),
    yaxis2: axis({ anchor: 'x2', domain: upperPanel, title: 'points' }),
    yaxis3: axis({
      anchor: 'x3',
      domain: lowerPanel,
      title: 'share, cosine',
      range: [-0.04, 1.08],
    }),
  };
}

function sizeAxis(sizes: readonly number[], parts: PlotlyObject): PlotlyObject {
  const range = [Math.min(...sizes) / 1.3, Math.max(...sizes) * 1.3].map(Math.log10);
  return axis({ domain: rightPanel, ...logTicks(sizes, 9), range, ...parts });
}

const thresholdNote = `dotted: a hill\u2019s interval lies above ${unimodalRise}, a falling curve\u2019s below ${decreasingRise}`;

const noveltyNote = 'dotted: half are new; cosine: to the nearest training image';

const legends: PlotlyObject = {
  legend: {
    title: { text: 'training images N', side: 'left', font: { size: 13 } },
    orientation: 'h',
    x: 0,
    y: -58 / plotHeight, // below the axis titles: curves may run anywhere in the panel
    xanchor: 'left',
    yanchor: 'top',
  },
  legend2: {
    x: rightPanel[0] + 0.01,
    y: upperPanel[1],
    xanchor: 'left',
    yanchor: 'top',
    font: { size: 12 },
    bgcolor: 'rgba(255, 255, 255, 0.8)',
  },
  legend3: {
    x: rightPanel[1],
    y: lowerPanel[0] + 0.02,
    xanchor: 'right',
    yanchor: 'bottom',
    font: { size: 12 },
    bgcolor: 'rgba(255, 255, 255, 0.8)',
  },
};

/** A line through all sizes, and a marker of each verdict with its interval; the markers are explained in a legend of their own. */
function riseTraces(rows: readonly TransitionRow[]): PlotlyObject[] {
  const color = quantities.first;
  const line: PlotlyObject = {
    type: 'scatter',
    mode: 'lines',
    x: rows.map(row => row.trainingSize),
    y: rows.map(row => rounded(row.analysis.rise.mean)),
    line: { color, width: 1.5 },
    xaxis: 'x2',
    yaxis: 'y2',
    hoverinfo: 'skip',
    showlegend: false,
  };
  const verdicts = Object.keys(verdictSymbols) as Verdict[];
  return [line, ...verdicts.flatMap(verdict => verdictTrace(rows, verdict, color))];
}

/** The sizes of one verdict, if there are any. */
function verdictTrace(rows: readonly TransitionRow[], verdict: Verdict, color: string): PlotlyObject[] {
  const chosen = rows.filter(row => row.analysis.verdict === verdict);
  const rises = chosen.map(row => row.analysis.rise);
  const trace: PlotlyObject = {
    type: 'scatter',
    mode: 'markers',
    name: verdict,
    legend: 'legend2',
    x: chosen.map(row => row.trainingSize),
    y: rises.map(rise => rounded(rise.mean)),
    error_y: {
      type: 'data',
      symmetric: false,
      array: rises.map(rise => rounded(rise.upper - rise.mean)),
      arrayminus: rises.map(rise => rounded(rise.mean - rise.lower)),
      color,
      thickness: 1.5,
      width: 4,
    },
    marker: { symbol: verdictSymbols[verdict], size: 11, color, line: { color, width: 2 } },
    xaxis: 'x2',
    yaxis: 'y2',
    customdata: rises.map(rise => [rounded(rise.lower), rounded(rise.upper)]),
    hovertemplate:
      'N = %{x}: %{y:.1f} points (%{customdata[0]:.1f} to %{customdata[1]:.1f})' +
      `<extra>${verdict}</extra>`,
  };
  return chosen.length > 0 ? [trace] : [];
}

function noveltyTraces(rows: readonly TransitionRow[]): PlotlyObject[] {
  const trace = (
    name: string,
    style: { color: string; dash: string; symbol: string },
    value: (row: TransitionRow) => number,
    range: (row: TransitionRow) => readonly [number, number],
  ): PlotlyObject => ({
    type: 'scatter',
    mode: 'lines+markers',
    name,
    legend: 'legend3',
    x: rows.map(row => row.trainingSize),
    y: rows.map(row => rounded(value(row))),
    ...(rows.some(row => row.analysis.runs > 1)
      ? { error_y: spreadOf(rows, style.color, value, range) }
      : {}),
    line: { color: style.color, dash: style.dash, width: 2 },
    marker: { color: style.color, symbol: style.symbol, size: 8 },
    xaxis: 'x3',
    yaxis: 'y3',
    hovertemplate: `N = %{x}: %{y:.2f}<extra>${name}</extra>`,
  });
  return [
    trace(
      'share of new images',
      { color: quantities.second, dash: 'solid', symbol: 'square' },
      row => row.novelShare,
      row => row.novelRange,
    ),
    trace(
      'median cosine',
      { color: ink.soft, dash: 'dash', symbol: 'diamond' },
      row => row.medianCosine,
      row => row.cosineRange,
    ),
  ];
}

/** From the smallest to the largest of the seeds. */
function spreadOf(
  rows: readonly TransitionRow[],
  color: string,
  value: (row: TransitionRow) => number,
  range: (row: TransitionRow) => readonly [number, number],
): PlotlyObject {
  return {
    type: 'data',
    symmetric: false,
    array: rows.map(row => rounded(range(row)[1] - value(row))),
    arrayminus: rows.map(row => rounded(value(row) - range(row)[0])),
    color,
    thickness: 1.5,
    width: 4,
  };
}
