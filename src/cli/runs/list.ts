/** `unimodal runs list`. */
import type { Command } from 'commander';
import { listRuns } from '../../store/runs';
import { addRuns, rootOf } from '../shared/model';
import { addExamples, addJson, type OutputFlags, printResult, say, textTable } from '../shared/output';
import { type RunSummary, summarize } from './summary';

type ListFlags = OutputFlags & { readonly runs?: string };

export function addListCommand(runs: Command): void {
  const command = runs.command('list').description('all runs, in the order in which they were started').action(list);
  addJson(addRuns(command));
  addExamples(command, ['runs list', 'runs list --json']);
}

async function list(flags: ListFlags): Promise<void> {
  const root = rootOf(flags);
  const { runs, unreadable } = await listRuns(root);
  unreadable.forEach(say);
  const summaries = await Promise.all(runs.map(summarize));
  printResult(flags, summaries, summaries.length > 0 ? tableOf(summaries) : `There are no runs in ${root}.`);
}

function tableOf(summaries: readonly RunSummary[]): string {
  const rows = summaries.map(({ name, key, status, step, steps, loss, startedAt, megabytes }) => [
    name,
    key,
    status,
    `${step ?? 0}/${steps ?? '?'}`,
    loss?.toFixed(4) ?? '',
    startedAt.slice(0, 16).replace('T', ' '),
    megabytes.toFixed(1),
  ]);
  return textTable(['name', 'key', 'status', 'steps', 'loss', 'started (UTC)', 'MB'], rows);
}
