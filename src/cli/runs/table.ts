/** Runs, curves or training logs as one table for other programs. */
import { flatSettings } from '../../experiments/settings';
import { readMetrics } from '../../store/metrics';
import type { StoredRun } from '../../store/runs';
import { curvesOf, scoresOf, summarize } from './summary';

/** A line of a table; columns may differ from line to line. */
export type Row = Readonly<Record<string, unknown>>;

/** What can be exported: the lines of one run. */
const tables = {
  /** One line: settings, loss, scores. */
  runs: async (run: StoredRun): Promise<Row[]> => {
    const { name, key, status, loss } = await summarize(run);
    const settings = Object.fromEntries(flatSettings(run.config));
    const { novelByRatio, novelByCosine } = (await scoresOf(run)).at(-1) ?? {};
    return [{ name, key, status, ...settings, loss, novelByRatio, novelByCosine }];
  },
  /** A line a noise level of each curve. */
  curves: async (run: StoredRun): Promise<Row[]> => {
    return (await curvesOf(run)).flatMap(({ layer, input, step, sigmas, accuracy, verdict }) =>
      accuracy.map(({ mean, lower, upper }, s) => {
        const { name, key } = run;
        return { name, key, layer, input, step, sigma: sigmas[s], accuracy: mean, lower, upper, verdict };
      }),
    );
  },
  /** A line an interval of the training's log. */
  metrics: async (run: StoredRun): Promise<Row[]> => {
    return (await readMetrics(run)).map(metric => ({ name: run.name, key: run.key, ...metric }));
  },
};

/** Names of the tables. */
export const tableNames = Object.keys(tables) as TableName[];

/** Which table. */
export type TableName = keyof typeof tables;

/** The lines of a table for these runs. */
export async function tableOf(runs: readonly StoredRun[], table: TableName): Promise<Row[]> {
  return (await Promise.all(runs.map(tables[table]))).flat();
}

/** CSV as RFC 4180 has it, with the names of all columns in the first line. */
export function csvOf(rows: readonly Row[]): string {
  const columns = [...new Set(rows.flatMap(row => Object.keys(row)))];
  return [columns, ...rows.map(row => columns.map(column => row[column]))]
    .map(cells => cells.map(csvCell).join(','))
    .join('\n');
}

function csvCell(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
