/** Training loss over the steps of one or several runs. */
import { createFigure, escapeLabel, type Figure, type PlotlyObject } from './figure';
import { axis, decadeTicks, formatNumber, lineStyle } from './style';

/** The losses of one training. */
export interface NamedLosses {
  readonly name: string;
  readonly losses: readonly { readonly step: number; readonly loss: number }[];
}

/** More points than this are averaged in groups: single batches differ so much that curves could not be told apart. */
const pointLimit = 60;

/**
 * Training loss over steps, one line a run, the loss on a logarithmic axis.
 * @throws RangeError when there is no run, or one has no losses.
 */
export function lossFigure(
  runs: readonly NamedLosses[],
  { title = 'Training loss' }: { readonly title?: string } = {},
): Figure {
  if (runs.length === 0)
    throw new RangeError('A figure of losses needs at least one run, but the list is empty.');
  const empty = runs.find(run => run.losses.length === 0);
  if (empty) throw new RangeError(`Run "${empty.name}" has no losses. Train it first.`);
  const values = runs.flatMap(run => thinned(run.losses).map(point => point.loss));
  return createFigure({
    title,
    finding: runs.map(describe).join(' '),
    data: runs.map((run, i) => lossTrace(run, i, runs.length)),
    layout: {
      xaxis: axis({ title: 'training step', rangemode: 'tozero' }),
      yaxis: axis({ title: 'denoising loss', ...decadeTicks(values) }),
      showlegend: runs.length > 1,
      ...(runs.length > 1 ? { legend } : {}),
      margin: { l: 66, r: 20, t: 56, b: 52 },
    },
    height: 380,
  });
}

/** Beside the plot: losses may lie anywhere in it. */
const legend: PlotlyObject = { traceorder: 'reversed', x: 1.01, xanchor: 'left', y: 1, yanchor: 'top' };

function lossTrace({ name, losses }: NamedLosses, index: number, count: number): PlotlyObject {
  const points = thinned(losses);
  const { color, dash } = lineStyle(index, count);
  return {
    type: 'scatter',
    ...(points.length > 1
      ? { mode: 'lines', line: { color, dash, width: 1.8 } }
      : { mode: 'markers', marker: { color } }),
    name: escapeLabel(name),
    x: points.map(point => point.step),
    y: points.map(point => Number(point.loss.toPrecision(4))),
    hovertemplate: `step %{x}: %{y:.3f}<extra>${escapeLabel(name)}</extra>`,
  };
}

/** Means of groups of neighbouring points, at the last step of each group. */
function thinned(losses: NamedLosses['losses']): { step: number; loss: number }[] {
  const group = Math.ceil(losses.length / pointLimit);
  return Array.from({ length: Math.ceil(losses.length / group) }, (_, i) => {
    const points = losses.slice(i * group, (i + 1) * group);
    return {
      step: points[points.length - 1].step,
      loss: points.reduce((sum, point) => sum + point.loss, 0) / points.length,
    };
  });
}

function describe(run: NamedLosses): string {
  const points = thinned(run.losses);
  const [first, last] = [points[0], points[points.length - 1]];
  return `${run.name}: loss ${first.loss.toPrecision(3)} at step ${formatNumber(first.step)}, ${last.loss.toPrecision(3)} at step ${formatNumber(last.step)}.`;
}
