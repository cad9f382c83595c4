/** What a sweep found, in one row a model. */
import path from 'node:path';
import { analyseCurve, fewestLevels } from '../curve/analysis';
import { accuracies } from '../curve/curve';
import type { Sweep } from './sweep';

/** Values by column: those of the axes, then what was measured. */
export type SweepRow = Readonly<Record<string, number | string>>;

/** A row a model: for `tableOf`, or a file. A curve of fewer than three noise levels has no rise and no verdict. */
export function sweepRows({ models }: Pick<Sweep, 'models'>): SweepRow[] {
  return models.map(({ at, losses, curve, score, folder }) => {
    const axes = Object.entries(at).map(([name, value]) => [name, plain(value)] as const);
    const measured = accuracies(curve);
    const highest = Math.max(...measured);
    const analysis = curve.sigmas.length < fewestLevels ? undefined : analyseCurve(curve, { seed: 0 });
    return {
      ...Object.fromEntries(axes),
      loss: rounded(losses.at(-1)?.loss ?? NaN, 4),
      'peak sigma': curve.sigmas[measured.indexOf(highest)],
      'peak accuracy, %': rounded(highest, 1),
      'rise, points': analysis ? rounded(analysis.rise.mean, 1) : '',
      verdict: analysis?.verdict ?? '',
      'novel share': rounded(score.novelByRatio, 3),
      run: path.basename(folder),
    };
  });
}

function plain(value: unknown): number | string {
  return typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value);
}

function rounded(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
