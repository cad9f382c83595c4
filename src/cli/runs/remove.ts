/** `unimodal runs remove`. */
import type { Command } from 'commander';
import { findRuns, removeRun } from '../../store/runs';
import { addRuns, rootOf } from '../shared/model';
import { addExamples, addJson, type OutputFlags, printResult } from '../shared/output';
import { summarize } from './summary';

interface RemoveFlags extends OutputFlags {
  readonly runs?: string;
  readonly yes?: boolean;
}

export function addRemoveCommand(runs: Command): void {
  const command = runs
    .command('remove')
    .description('removes runs with their weights and results')
    .argument('<runs...>', 'names, folders, or beginnings of keys')
    .option('--yes', 'really remove them; without it, only what would be removed is said')
    .action(remove);
  addJson(addRuns(command));
  addExamples(command, ['runs remove digits-64-seed0', 'runs remove digits-64-seed0 --yes']);
}

async function remove(references: readonly string[], flags: RemoveFlags): Promise<void> {
  const runs = await findRuns(references, rootOf(flags));
  const summaries = await Promise.all(runs.map(summarize));
  if (flags.yes) for (const run of runs) await removeRun(run);
  const said = flags.yes ? 'removed' : 'would be removed (add --yes to do it)';
  printResult(
    flags,
    { removed: flags.yes ?? false, runs: summaries },
    summaries.map(({ folder, megabytes }) => `${folder} (${megabytes.toFixed(1)} MB): ${said}`).join('\n'),
  );
}
