/** `unimodal runs show`. */
import type { Command } from 'commander';
import { flatSettings } from '../../experiments/settings';
import { fileOf, readJson } from '../../store/record';
import { findRun } from '../../store/runs';
import { keptSteps } from '../../store/weights';
import { addRuns, rootOf } from '../shared/model';
import { addExamples, addJson, type OutputFlags, printResult, textTable } from '../shared/output';
import { curvesOf, type RunCurve, scoresOf, summarize } from './summary';

type ShowFlags = OutputFlags & { readonly runs?: string };

export function addShowCommand(runs: Command): void {
  const command = runs
    .command('show')
    .description('settings, versions, seeds and results of a run')
    .argument('<run>', 'its name, folder, or the beginning of its key')
    .action(show);
  addJson(addRuns(command));
  addExamples(command, ['runs show digits-64-seed0']);
}

async function show(reference: string, flags: ShowFlags): Promise<void> {
  const run = await findRun(reference, rootOf(flags));
  const { versions, seeds, finishedAt } = run.record;
  const shown = {
    ...(await summarize(run)),
    finishedAt,
    versions,
    seeds,
    config: run.config,
    experiment: await readJson(fileOf(run, 'experiment.json')),
    keptSteps: await keptSteps(run),
    curves: await curvesOf(run),
    scores: await scoresOf(run),
  };
  printResult(flags, shown, textOf(shown));
}

interface Shown extends Awaited<ReturnType<typeof summarize>> {
  readonly finishedAt?: string;
  readonly versions: object;
  readonly seeds: object;
  readonly config: unknown;
  readonly keptSteps: readonly number[];
  readonly curves: readonly RunCurve[];
  readonly scores: Awaited<ReturnType<typeof scoresOf>>;
}

function textOf(shown: Shown): string {
  const { name, key, folder, status, step, steps, loss, startedAt, finishedAt } = shown;
  const pairs = (table: unknown) => textTable(['', ''], flatSettings(table).map(([k, v]) => [k, asText(v)])).trim();
  const of = (weightsStep?: number) => (weightsStep === undefined ? '' : `, weights of step ${weightsStep}`);
  const results = [
    ...shown.curves.map(curve => `curve of ${curve.layer}, ${curve.input} images${of(curve.step)}: ${findingOf(curve)}`),
    ...shown.scores.map(
      score =>
        `score of ${score.sampleCount} images${of(score.step)}: ${(100 * score.novelByRatio).toFixed(1)} % new by distance, ${(100 * score.novelByCosine).toFixed(1)} % by cosine`,
    ),
  ];
  return [
    `${name} (${key}), ${status}, step ${step ?? 0} of ${steps ?? '?'}, loss ${loss?.toFixed(4) ?? 'unknown'}`,
    `in ${folder}`,
    `started ${startedAt}${finishedAt ? `, finished ${finishedAt}` : ''}`,
    '',
    pairs({ ...(shown.config as object), seeds: shown.seeds, versions: shown.versions }),
    '',
    ...(shown.keptSteps.length > 0 ? [`weights kept at steps ${shown.keptSteps.join(', ')}`] : []),
    ...(results.length > 0 ? results : ['nothing measured yet']),
  ].join('\n');
}

function findingOf({ finding, sigmas, accuracy }: RunCurve): string {
  return finding ?? accuracy.map(({ mean }, s) => `${mean.toFixed(1)} % at sigma ${sigmas[s]}`).join(', ');
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
