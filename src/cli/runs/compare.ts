/** `unimodal runs compare`. */
import type { Command } from 'commander';
import { flatSettings } from '../../experiments/settings';
import { findRuns, type StoredRun } from '../../store/runs';
import { addRuns, rootOf } from '../shared/model';
import { addExamples, addJson, type OutputFlags, printResult, textTable } from '../shared/output';
import { curvesOf, scoresOf, summarize } from './summary';

type CompareFlags = OutputFlags & { readonly runs?: string };

/** By what is compared, the value of each run; undefined where it has none. */
type Comparison = Readonly<Record<string, readonly unknown[]>>;

export function addCompareCommand(runs: Command): void {
  const command = runs
    .command('compare')
    .description('settings in which runs differ, and their results side by side')
    .argument('<runs...>', 'at least two: names, folders, or beginnings of keys')
    .action(compare);
  addJson(addRuns(command));
  addExamples(command, ['runs compare digits-64-seed0 digits-128-seed1']);
}

async function compare(references: readonly string[], flags: CompareFlags): Promise<void> {
  if (references.length < 2) throw new Error('Name at least two runs to compare.');
  const runs = await findRuns(references, rootOf(flags));
  const settings = differing(runs.map(run => Object.fromEntries(flatSettings(run.config))));
  const results = tabulate(await Promise.all(runs.map(resultsOf)));
  const names = runs.map(({ name, key }) => ({ name, key }));
  printResult(
    flags,
    { runs: names, settings, results },
    textTable(
      ['', ...runs.map(({ name }) => name)],
      Object.entries({ ...settings, ...results }).map(([what, values]) => [what, ...values.map(asText)]),
    ),
  );
}

async function resultsOf(run: StoredRun): Promise<Record<string, unknown>> {
  const { status, loss } = await summarize(run);
  const results: Record<string, unknown> = { status, loss };
  for (const { layer, input, step, peak, rise, verdict } of await curvesOf(run)) {
    const what = `${layer}, ${input}${step === undefined ? '' : `, step ${step}`}`;
    results[`peak sigma (${what})`] = peak?.sigma;
    results[`peak accuracy, % (${what})`] = peak?.accuracy.mean;
    results[`rise, points (${what})`] = rise?.mean;
    results[`verdict (${what})`] = verdict;
  }
  for (const { sampleCount, step, novelByRatio, novelByCosine } of await scoresOf(run)) {
    const what = `${sampleCount} images${step === undefined ? '' : `, step ${step}`}`;
    results[`new by distance (${what})`] = novelByRatio;
    results[`new by cosine (${what})`] = novelByCosine;
  }
  return results;
}

function tabulate(tables: readonly Readonly<Record<string, unknown>>[]): Comparison {
  const names = [...new Set(tables.flatMap(table => Object.keys(table)))];
  return Object.fromEntries(names.map(name => [name, tables.map(table => table[name])]));
}

function differing(tables: readonly Readonly<Record<string, unknown>>[]): Comparison {
  const rows = Object.entries(tabulate(tables));
  return Object.fromEntries(rows.filter(([, values]) => new Set(values.map(value => JSON.stringify(value))).size > 1));
}

function asText(value: unknown): string {
  if (value === undefined) return '-';
  if (typeof value === 'number') return Number(value.toPrecision(4)).toString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}
