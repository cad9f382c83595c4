/** `unimodal runs`: what there is, from the folders of the runs alone. */
import type { Command } from 'commander';
import { addCompareCommand } from './runs/compare';
import { addExportCommand } from './runs/export';
import { addListCommand } from './runs/list';
import { addRemoveCommand } from './runs/remove';
import { addShowCommand } from './runs/show';
import { addExamples } from './shared/output';

export function addRunsCommand(program: Command): void {
  const runs = program.command('runs').description('lists, shows, compares, removes and exports runs');
  addListCommand(runs);
  addShowCommand(runs);
  addCompareCommand(runs);
  addRemoveCommand(runs);
  addExportCommand(runs);
  addExamples(runs, ['runs list', 'runs show digits-64-seed0']);
}
