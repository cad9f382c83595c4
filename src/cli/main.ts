/** The command line `unimodal`: one file a command, each of which adds itself to the program. */
import { Command, CommanderError } from 'commander';
import { isAbort } from '../experiments/workers';
import { addCurveCommand } from './curve';
import { addDataCommand } from './data';
import { addDenoiseCommand } from './denoise';
import { addDoctorCommand } from './doctor';
import { addDynamicsCommand } from './dynamics';
import { addFeaturesCommand } from './features';
import { addRunsCommand } from './runs';
import { addSampleCommand } from './sample';
import { addScoreCommand } from './score';
import { interruptedStatus } from './shared/interrupt';
import { addExamples, say } from './shared/output';
import { addSetupCommands } from './setup';
import { addSweepCommand } from './sweep';
import { addTheoryCommand } from './theory';
import { addTrainCommand } from './train';

/** The program with all its commands. */
export function createProgram(): Command {
  const program = new Command('unimodal')
    .description('When does a diffusion model understand its data, and when has it only memorized it?')
    .showHelpAfterError('(add --help for the options)')
    .exitOverride();
  const commands = [
    addDataCommand,
    addTrainCommand,
    addSweepCommand,
    addSampleCommand,
    addDenoiseCommand,
    addFeaturesCommand,
    addCurveCommand,
    addScoreCommand,
    addDynamicsCommand,
    addTheoryCommand,
    addRunsCommand,
    addDoctorCommand,
    addSetupCommands,
  ];
  for (const add of commands) add(program);
  addExamples(program, [
    'train --size 64 --set training.steps=500',
    'curve --model digits-64-seed0',
    'score --model digits-64-seed0 --json',
    'runs list',
  ]);
  return program;
}

/**
 * Runs the command line and sets the exit status: 0, 1 for a mistake in what was asked for or a failure, 130 when it was
 * interrupted. Errors go to standard error in one sentence.
 */
export async function main(argv: readonly string[]): Promise<void> {
  process.stdout.on('error', leaveQuietly);
  process.exitCode = await runProgram(argv);
}

/** Whoever read the output, such as head, has had enough of it. */
function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}

async function runProgram(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(argv);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode; // commander has said it
    say(`unimodal: ${error instanceof Error ? error.message : String(error)}`);
    return isAbort(error) ? interruptedStatus : 1;
  }
}
