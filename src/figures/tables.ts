/**
 * Results as danfo.js tables. danfo.js brings a second copy of TensorFlow.js's interface and takes seconds to load: it is
 * loaded when the first table is made.
 */
// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- danfo.js loads TensorFlow, which reads its settings then
import '../engine/environment';
import type * as danfojs from 'danfojs-node';
import type { Band } from '../curve/analysis';
import { type SummaryOptions, summarizeTransition, type TransitionValues } from './summary';

/**
 * One row a training-set size: peak, rise, verdict, and how new the generated images are.
 * @throws RangeError as summarizeTransition does.
 */
export function transitionTable(transition: TransitionValues, options?: SummaryOptions): danfojs.DataFrame {
  return tableOf(
    summarizeTransition(transition, options).map(({ trainingSize, analysis, novelShare, medianCosine }) => ({
      N: trainingSize,
      'peak sigma': analysis.peak.sigma,
      'peak accuracy, % (95 % interval)': withBounds(analysis.peak.accuracy),
      'rise, points (95 % bounds)': withBounds(analysis.rise),
      verdict: analysis.verdict,
      'novel share': decimals(novelShare, 3),
      'median cosine': decimals(medianCosine, 3),
    })),
  );
}

/** Test accuracy in percent, a row a noise level and a column a training-set size. */
export function accuracyTable(transition: TransitionValues, options?: SummaryOptions): danfojs.DataFrame {
  const rows = summarizeTransition(transition, options);
  return tableOf(
    rows[0].analysis.sigmas.map((sigma, s) => ({
      sigma,
      ...Object.fromEntries(
        rows.map(({ trainingSize, analysis }) => [
          `N = ${trainingSize}`,
          decimals(analysis.accuracy[s].mean, 1),
        ]),
      ),
    })),
  );
}

/**
 * A DataFrame of rows with the same columns.
 * @throws RangeError when there are no rows.
 */
export function tableOf(rows: readonly Record<string, number | string>[]): danfojs.DataFrame {
  if (rows.length === 0) throw new RangeError('A table needs at least one row, but there is none.');
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded when it is needed
  const danfo = require('danfojs-node') as typeof danfojs;
  // Its text form cuts columns short unless they are given room.
  const columns = Object.keys(rows[0]).map(name => ({
    width: 2 + Math.max(name.length, ...rows.map(row => String(row[name]).length)),
  }));
  const indexColumn = { width: 5 };
  const config = { tableDisplayConfig: { columns: [indexColumn, ...columns] }, tableMaxColInConsole: 20 };
  return new danfo.DataFrame([...rows], { config });
}

function withBounds({ mean, lower, upper }: Band): string {
  return `${mean.toFixed(1)} (${lower.toFixed(1)} to ${upper.toFixed(1)})`;
}

function decimals(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
