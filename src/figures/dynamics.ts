/** Learning dynamics: representation curves at several moments of training, and what each signal of memorization says. */
import { accuracies } from '../curve/curve';
import {
  type Announcement,
  announcements,
  type Measured,
  type SignalName,
  signalPoint,
  type SignalPoint,
  signals,
} from '../curve/onset';
import { createFigure, escapeLabel, type Figure, type PlotlyObject } from './figure';
import { heightOfPanels, type Place, placesOf } from './panels';
import { axis, decadeTicks, formatNumber, lineStyle, logTicks, panelTitle, rounded } from './style';

/** A model at several moments; the experiment's own value fits. */
export interface FollowedTraining {
  readonly trainingSize: number;
  readonly seed: number;
  /** In the order of their steps, at least one. */
  readonly points: readonly Measured[];
}

/** A model, named, with its signals. */
interface Line {
  readonly name: string;
  readonly trainingSize: number;
  readonly measured: readonly Measured[];
  readonly points: readonly SignalPoint[];
  readonly announcements: readonly Announcement[];
}

const margin = { l: 60, r: 24, t: 100, b: 124 };

/**
 * Small multiples: first a panel a model with its curve at each step, then one a signal over the steps, with a line a model and rings
 * where the signal announces that memorization begins. May be drawn while the training runs.
 * @throws RangeError when there is no model, one has no point, or a curve is not valid
 */
export function dynamicsFigure(
  models: readonly FollowedTraining[],
  { title = 'Learning dynamics' }: { title?: string } = {},
): Figure {
  const lines = linesOf(models);
  const names = Object.keys(signals) as SignalName[];
  const places = placesOf(lines.length + names.length);
  const height = heightOfPanels(places.length);
  const steps = [...new Set(lines.flatMap(({ points }) => points.map(({ step }) => step)))].sort(
    (a, b) => a - b,
  );
  const panels = [
    ...lines.map((line, p) => curvePanel(line, steps, places[p], p === 0)),
    ...names.map((name, p) => signalPanel(name, lines, steps, places[lines.length + p], p === 0)),
  ];
  return createFigure({
    title,
    subtitle: 'rings: where a signal announces that memorization begins',
    finding: lines.map(describe).join(' '),
    data: panels.flatMap(({ traces }) => traces),
    layout: {
      ...Object.fromEntries(panels.flatMap(({ axes }) => Object.entries(axes))),
      annotations: panels.map(({ heading }) => heading),
      legend: { title: { text: 'curves: step ' }, orientation: 'h', x: 0, y: -58 / height, yanchor: 'top' },
      legend2: { title: { text: 'signals: ' }, orientation: 'h', x: 0, y: -90 / height, yanchor: 'top' },
      margin,
    },
    height: margin.t + height + margin.b,
  });
}

function linesOf(models: readonly FollowedTraining[]): Line[] {
  if (models.length === 0) throw new RangeError('Give at least one model to draw.');
  const severalSeeds = new Set(models.map(({ seed }) => seed)).size > 1;
  return models.map(({ trainingSize, seed, points: measured }) => {
    const name = `N = ${formatNumber(trainingSize)}${severalSeeds ? `, seed ${seed}` : ''}`;
    if (measured.length === 0) throw new RangeError(`${name} has no point yet: leave it out.`);
    const points = measured.map(signalPoint);
    return { name, trainingSize, measured, points, announcements: announcements(points) };
  });
}

interface Panel {
  readonly traces: readonly PlotlyObject[];
  readonly axes: PlotlyObject;
  readonly heading: PlotlyObject;
}

/** The curves of one model, the latest darkest. */
function curvePanel({ name, measured }: Line, steps: readonly number[], place: Place, first: boolean): Panel {
  const { x, y, number } = place;
  const sigmas = measured.flatMap(({ curve }) => curve.sigmas);
  return {
    traces: measured.map(({ step, curve }) => {
      const { color, dash, symbol } = lineStyle(steps.indexOf(step), steps.length);
      return {
        ...lineTrace(place, formatNumber(step), { color, dash, symbol }),
        x: curve.sigmas,
        y: accuracies(curve).map(rounded),
        legendgroup: `step ${step}`,
        showlegend: first,
        hovertemplate: `\u03c3 = %{x}: %{y:.1f} %<extra>step ${step}</extra>`,
      };
    }),
    axes: {
      [`xaxis${number}`]: axis({
        title: 'noise level \u03c3',
        domain: x,
        anchor: `y${number}`,
        ...logTicks(sigmas, 6),
      }),
      [`yaxis${number}`]: axis({ domain: y, anchor: `x${number}` }),
    },
    heading: panelTitle(`${escapeLabel(name)}: test accuracy of the probe, %`, x[0], y[1]),
  };
}

/** One signal of all models over the steps. */
function signalPanel(
  signal: SignalName,
  lines: readonly Line[],
  steps: readonly number[],
  place: Place,
  first: boolean,
): Panel {
  const { x, y, number } = place;
  const { quantity, rule, value } = signals[signal];
  const sizes = [...new Set(lines.map(({ trainingSize }) => trainingSize))].sort((a, b) => a - b);
  const values = lines.flatMap(({ points }) => points.map(value));
  return {
    traces: lines.flatMap(line => {
      const style = lineStyle(sizes.indexOf(line.trainingSize), sizes.length);
      const trace = {
        ...lineTrace(place, escapeLabel(line.name), style),
        x: line.points.map(({ step }) => step),
        y: line.points.map(value).map(rounded),
        legend: 'legend2',
        legendgroup: line.name,
        showlegend: first,
        hovertemplate: `step %{x}: %{y:.4g}<extra>${escapeLabel(line.name)}</extra>`,
      };
      return [trace, ringTrace(signal, line, place, style.color)];
    }),
    axes: {
      [`xaxis${number}`]: axis({
        title: 'training step',
        domain: x,
        anchor: `y${number}`,
        ...logTicks(steps, 6),
      }),
      [`yaxis${number}`]: axis({
        domain: y,
        anchor: `x${number}`,
        ...(spansDecades(values) ? decadeTicks(values) : {}),
      }),
    },
    heading: panelTitle(escapeLabel(quantity), x[0], y[1], `ring: ${rule}`),
  };
}

function lineTrace({ number }: Place, name: string, style: ReturnType<typeof lineStyle>): PlotlyObject {
  const { color, dash, symbol } = style;
  return {
    type: 'scatter',
    mode: 'lines+markers',
    name,
    xaxis: `x${number}`,
    yaxis: `y${number}`,
    line: { color, dash, width: 2 },
    marker: { color, symbol, size: 6 },
  };
}

function ringTrace(
  signal: SignalName,
  { points, announcements }: Line,
  { number }: Place,
  color: string,
): PlotlyObject {
  const at = announcements.find(announcement => announcement.signal === signal)?.step;
  const ringed = points.filter(({ step }) => step === at);
  return {
    type: 'scatter',
    mode: 'markers',
    x: ringed.map(({ step }) => step),
    y: ringed.map(signals[signal].value).map(rounded),
    xaxis: `x${number}`,
    yaxis: `y${number}`,
    showlegend: false,
    hoverinfo: 'skip',
    marker: { symbol: 'circle-open', size: 15, color, line: { width: 2.5, color } },
  };
}

function spansDecades(values: readonly number[]): boolean {
  return Math.min(...values) > 0 && Math.max(...values) > 8 * Math.min(...values);
}

function describe({ name, points, announcements }: Line): string {
  const last = points[points.length - 1];
  const spoken = announcements
    .filter(({ step }) => step !== undefined)
    .map(({ signal, step }) => `${signals[signal].name} at step ${formatNumber(step!)}`);
  const when =
    spoken.length > 0
      ? `memorization is announced by ${spoken.join(', ')}`
      : 'no signal announces memorization';
  return `${name}: ${when}; at step ${formatNumber(last.step)} the peak accuracy is ${Math.max(...last.accuracy).toFixed(1)} % and ${Math.round(100 * last.copies)} % of the samples are copies.`;
}
