/** `unimodal runs import`. */
import type { Command } from 'commander';
import { importRuns } from '../../store/import';
import { addRuns, rootOf } from '../shared/model';
import { addExamples, addJson, type OutputFlags, printResult } from '../shared/output';
import { summarize } from './summary';

type ImportFlags = OutputFlags & { readonly runs?: string };

export function addImportCommand(runs: Command): void {
  const command = runs
    .command('import')
    .description('brings the runs of an archive that "runs export" wrote into the folder of runs: all or none')
    .argument('<archive>', 'a .tar.gz')
    .action(importArchive);
  addJson(addRuns(command));
  addExamples(command, ['runs import digits.tar.gz', 'runs import digits.tar.gz --runs elsewhere']);
}

async function importArchive(archive: string, flags: ImportFlags): Promise<void> {
  const { imported, present } = await importRuns(archive, rootOf(flags));
  const [fresh, old] = await Promise.all([imported, present].map(runs => Promise.all(runs.map(summarize))));
  const lines = [
    ...fresh.map(({ folder, status }) => `${folder}: imported (${status})`),
    ...old.map(({ folder }) => `${folder}: is there already`),
  ];
  printResult(flags, { imported: fresh, present: old }, lines.join('\n'));
}
