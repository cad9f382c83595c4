/** `unimodal runs export`: runs, curves or training logs as one table for other programs. */
import path from 'node:path';
import { type Command, Option } from 'commander';
import { writeFileAtomically } from '../../store/atomic';
import { readMetrics } from '../../store/metrics';
import { findRuns, listRuns, type StoredRun } from '../../store/runs';
import { addRuns, rootOf } from '../shared/model';
import { addExamples, addJson, type OutputFlags, printResult } from '../shared/output';
import { curvesOf, flatSettings, scoresOf, summarize } from './summary';

interface ExportFlags extends OutputFlags {
  readonly runs?: string;
  readonly table: keyof typeof tables;
  readonly out?: string;
}

/** A line of a table; columns may differ from line to line. */
type Row = Readonly<Record<string, unknown>>;

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

export function addExportCommand(runs: Command): void {
  const command = runs
    .command('export')
    .description('a table of runs, curves or training logs as CSV, or as JSON with --json or a name that ends in .json')
    .argument('[runs...]', 'names, folders, or beginnings of keys (default: all)')
    .addOption(
      new Option('--table <what>', 'a line a run, a noise level of a curve, or an interval of the log')
        .choices(Object.keys(tables))
        .default('runs'),
    )
    .option('--out <file>', 'file to write, .csv or .json (default: standard output)')
    .action(exportRuns);
  addJson(addRuns(command));
  addExamples(command, ['runs export', 'runs export digits-64-seed0 --table curves --out curves.csv']);
}

async function exportRuns(references: readonly string[], flags: ExportFlags): Promise<void> {
  const { out, json, table } = flags;
  const format = out === undefined ? (json ? '.json' : '.csv') : path.extname(out).toLowerCase();
  if (format !== '.csv' && format !== '.json') throw new Error(`--out ${out}: name a .csv or a .json file.`);
  const root = rootOf(flags);
  const runs = references.length > 0 ? await findRuns(references, root) : (await listRuns(root)).runs;
  const rows = (await Promise.all(runs.map(tables[table]))).flat();
  const text = format === '.csv' ? csvOf(rows) : JSON.stringify(rows, undefined, 2);
  if (out === undefined) return printResult({}, rows, text);
  await writeFileAtomically(out, `${text}\n`);
  printResult(flags, { out, table, lines: rows.length }, `${out}: ${rows.length} lines`);
}

/** CSV as RFC 4180 has it, with the names of all columns in the first line. */
function csvOf(rows: readonly Row[]): string {
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
