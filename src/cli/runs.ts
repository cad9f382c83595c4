/** `unimodal runs`: what there is, from the folders of the runs alone. */
import type { Command } from 'commander';
import { addCompareCommand } from './runs/compare';
import { addExportCommand } from './runs/export';
import { addImportCommand } from './runs/import';
import { addListCommand } from './runs/list';
import { addRemoveCommand } from './runs/remove';
import { addShowCommand } from './runs/show';
import { addExamples } from './shared/output';

export function addRunsCommand(program: Command): void {
  const runs = program
    .command('runs')
    .description('lists, shows, compares, removes, exports and imports runs');
  addListCommand(runs);
  addShowCommand(runs);
  addCompareCommand(runs);
  addRemoveCommand(runs);
  addExportCommand(runs);
  addImportCommand(runs);
  addExamples(runs, ['runs list', 'runs show digits-64-seed0']);
}
