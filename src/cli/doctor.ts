/** `unimodal doctor`: what works here, each line with its remedy. The doctor itself is src/setup/doctor.mjs. */
import type { Command } from 'commander';
import { runNodeProgram } from './shared/program';
import { addExamples, addJson } from './shared/output';

export function addDoctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .description('what works here: Node, Python, TensorFlow, GPU, kernel, figures, each with its remedy')
    .option('--gpu', 'train ten steps on CPU and GPU and compare them')
    .action(examine);
  addJson(command);
  addExamples(command, ['doctor', 'doctor --json']);
}

async function examine(flags: { readonly gpu?: boolean; readonly json?: boolean }): Promise<void> {
  const args = Object.keys(flags).map(name => `--${name}`);
  await runNodeProgram('setup/doctor.mjs', args);
}
