/** Layers against noise level: where in the network, and at which level, the class is read off best. */
import { accuracies, type CurveMeasurement } from '../curve/curve';
import { createFigure, escapeLabel, type Figure, ink, type PlotlyObject } from './figure';
import { axis, formatNumber, rounded } from './style';

/** One layer's row. */
interface Row {
  readonly layer: string;
  readonly accuracy: readonly number[];
  /** Index of the best noise level. */
  readonly peak: number;
}

/**
 * A heat map of test accuracy, one row a layer from the input (top) to the output, rings at each layer's best noise level.
 * @param curves one a layer, as representationCurves gives them, in the order to be shown
 * @throws RangeError when there is no curve, they differ in noise levels, or one is not valid
 */
export function layerFigure(
  curves: readonly CurveMeasurement[] | Record<string, CurveMeasurement>,
  { title = 'Test accuracy by layer and noise level' }: { title?: string } = {},
): Figure {
  const list = Object.values(curves);
  const levels = commonSigmas(list).map(formatNumber);
  const rows = list.map(rowOf);
  const layers = rows.map(({ layer }) => escapeLabel(layer));
  return createFigure({
    title,
    subtitle: 'rings: the best noise level of each layer',
    finding: describe(rows, levels),
    data: [heat(rows, levels, layers), rings(rows, levels, layers)],
    layout: {
      xaxis: axis({ title: 'noise level \u03c3', type: 'category' }),
      yaxis: axis({ type: 'category', autorange: 'reversed' }),
      margin: { l: 110, r: 20, t: 74, b: 60 },
      showlegend: false,
    },
    height: 150 + 30 * rows.length,
  });
}

function commonSigmas(curves: readonly CurveMeasurement[]): readonly number[] {
  if (curves.length === 0) throw new RangeError('Give the curve of at least one layer.');
  const [{ layer, sigmas }] = curves;
  const other = curves.find(curve => curve.sigmas.join() !== sigmas.join());
  if (!other) return sigmas;
  throw new RangeError(
    `All layers are measured at the same noise levels, but ${other.layer} at ${other.sigmas.join(' ')} and ${layer} at ${sigmas.join(' ')}.`,
  );
}

function rowOf(curve: CurveMeasurement): Row {
  const accuracy = accuracies(curve);
  return { layer: curve.layer, accuracy, peak: accuracy.indexOf(Math.max(...accuracy)) };
}

function heat(rows: readonly Row[], levels: string[], layers: string[]): PlotlyObject {
  return {
    type: 'heatmap',
    x: levels,
    y: layers,
    z: rows.map(row => row.accuracy.map(rounded)),
    colorscale: 'Viridis',
    xgap: 1,
    ygap: 1,
    colorbar: { title: { text: '%', side: 'top' }, thickness: 14, outlinewidth: 0 },
    hovertemplate: '%{y}, \u03c3 = %{x}: %{z:.1f} %<extra></extra>',
  };
}

/** White discs in a dark ring: seen on every colour. */
function rings(rows: readonly Row[], levels: string[], layers: string[]): PlotlyObject {
  return {
    type: 'scatter',
    mode: 'markers',
    x: rows.map(({ peak }) => levels[peak]),
    y: layers,
    marker: { symbol: 'circle', size: 11, color: 'white', line: { width: 2.5, color: ink.text } },
    hoverinfo: 'skip',
  };
}

function describe(rows: readonly Row[], levels: string[]): string {
  const top = ({ accuracy, peak }: Row) => accuracy[peak];
  const best = rows.reduce((a, b) => (top(b) > top(a) ? b : a));
  return (
    `The class is read off best at layer ${best.layer}, ${top(best).toFixed(1)} % at sigma ${levels[best.peak]}. ` +
    describeRise(rows, levels[0])
  );
}

function describeRise(rows: readonly Row[], lowest: string): string {
  const rise = ({ accuracy, peak }: Row) => accuracy[peak] - accuracy[0];
  const steepest = rows.reduce((a, b) => (rise(b) > rise(a) ? b : a));
  if (steepest.peak === 0) return `All are best at sigma ${lowest}.`;
  return `The largest rise from sigma ${lowest} is ${rise(steepest).toFixed(1)} points, at layer ${steepest.layer}.`;
}
