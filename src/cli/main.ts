/** The command line `unimodal`: one file a command, each of which adds itself to the program. */
import { Command } from 'commander';
import { addTheoryCommand } from './theory';

/** The program with all its commands. */
export function createProgram(): Command {
  const program = new Command('unimodal')
    .description('When does a diffusion model understand its data, and when has it only memorized it?')
    .showHelpAfterError('(add --help for the options)');
  addTheoryCommand(program);
  return program;
}

/** Runs the command line; a mistake in what was asked for ends with its message and exit code 1. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync(argv);
  } catch (error) {
    console.error(`unimodal: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
