/** Representation curves as pictures: test accuracy over the noise level, with bands and peaks. */
import { analyseCurve, type CurveAnalysis } from '../curve/analysis';
import type { CurveMeasurement } from '../curve/curve';
import { createFigure, escapeLabel, type Figure, ink, type PlotlyObject } from './figure';
import { axis, type LineStyle, lineStyle, logTicks, rounded, translucent } from './style';

/** A curve to draw, with its name. */
export interface NamedCurve {
  readonly name: string;
  readonly analysis: CurveAnalysis;
}

/** How curves are analysed and titled. */
export interface CurveFigureOptions {
  /** Seed of the bootstrap. Default 0. */
  readonly seed?: number;
  /** Resampled curves. Default 2000. */
  readonly resamples?: number;
  /** Default: "Representation curve of layer ...". */
  readonly title?: string;
}

/**
 * One representation curve (or the mean over those of several runs) with its 95 % band and its peak.
 * @throws RangeError when the curves are not valid, see analyseCurve.
 */
export function curveFigure(
  curves: CurveMeasurement | readonly CurveMeasurement[],
  options: CurveFigureOptions = {},
): Figure {
  const { seed = 0, resamples } = options;
  const analysis = analyseCurve(curves, { seed, resamples });
  const first = (Array.isArray(curves) ? curves[0] : curves) as CurveMeasurement;
  return createFigure({
    title: options.title ?? `Representation curve of layer ${first.layer}, ${first.input} input`,
    subtitle: bandNote(analysis),
    finding: analysis.finding,
    data: curveTraces([{ name: analysis.verdict, analysis }], { legend: false }),
    layout: { ...curveAxes(analysis.sigmas), margin: { l: 70, r: 24, t: 74, b: 60 }, showlegend: false },
    height: 420,
  });
}

/** What the bands of a figure stand for. */
export function bandNote({ covers }: CurveAnalysis): string {
  return `rings: peaks; bands: 95 %, ${covers}`;
}

/** Axes of accuracy over noise level. */
export function curveAxes(sigmas: readonly number[], xDomain = [0, 1]): PlotlyObject {
  return {
    xaxis: axis({ title: 'noise level \u03c3', domain: xDomain, ...logTicks(sigmas) }),
    yaxis: axis({ title: 'test accuracy of the probe, %' }),
  };
}

/** Bands, lines and peaks of curves, in this order, so that no band covers a line. */
export function curveTraces(curves: readonly NamedCurve[], { legend }: { legend: boolean }): PlotlyObject[] {
  const styles = curves.map((_, i) => lineStyle(i, curves.length));
  return [
    ...curves.map((curve, i) => bandTrace(curve, styles[i])),
    ...curves.map((curve, i) => lineTrace(curve, styles[i], legend)),
    ...curves.map((curve, i) => peakTrace(curve, styles[i])),
  ];
}

function bandTrace({ name, analysis: { sigmas, accuracy } }: NamedCurve, { color }: LineStyle): PlotlyObject {
  const upper = accuracy.map(band => rounded(band.upper));
  const lower = accuracy.map(band => rounded(band.lower));
  return {
    type: 'scatter',
    mode: 'lines',
    x: [...sigmas, ...[...sigmas].reverse()],
    y: [...upper, ...lower.reverse()],
    fill: 'toself',
    fillcolor: translucent(color, 0.13),
    line: { width: 0 },
    legendgroup: escapeLabel(name),
    showlegend: false,
    hoverinfo: 'skip',
  };
}

function lineTrace(
  { name, analysis: { sigmas, accuracy } }: NamedCurve,
  { color, dash, symbol }: LineStyle,
  legend: boolean,
): PlotlyObject {
  return {
    type: 'scatter',
    mode: 'lines+markers',
    name: escapeLabel(name),
    legendgroup: escapeLabel(name),
    showlegend: legend,
    x: sigmas,
    y: accuracy.map(band => rounded(band.mean)),
    customdata: accuracy.map(band => [band.lower, band.upper].map(rounded)),
    hovertemplate:
      '\u03c3 = %{x}: %{y:.1f} % (%{customdata[0]:.1f} to %{customdata[1]:.1f})' +
      `<extra>${escapeLabel(name)}</extra>`,
    line: { color, dash, width: 2 },
    marker: { color, symbol, size: 6.5 },
  };
}

function peakTrace({ name, analysis: { peak } }: NamedCurve, { color }: LineStyle): PlotlyObject {
  return {
    type: 'scatter',
    mode: 'markers',
    legendgroup: escapeLabel(name),
    showlegend: false,
    x: [peak.sigma],
    y: [rounded(peak.accuracy.mean)],
    hovertemplate: `peak: %{y:.1f} % at \u03c3 = %{x}<extra>${escapeLabel(name)}</extra>`,
    marker: { symbol: 'circle-open', size: 16, color, line: { width: 2.5, color } },
  };
}

/** A dotted line across a panel. */
export function threshold(y: number, axes: { x: string; y: string }): PlotlyObject {
  return {
    type: 'line',
    xref: `${axes.x} domain`,
    yref: axes.y,
    x0: 0,
    x1: 1,
    y0: y,
    y1: y,
    line: { color: ink.line, width: 1.2, dash: 'dot' },
  };
}
