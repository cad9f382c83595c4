/** Plain Node programs of src/, which work where the library does not: set-up, doctor, JupyterLab. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { CommanderError } from 'commander';

/**
 * Runs a program of src/ in a process of its own, on this terminal.
 * @throws CommanderError with its exit status when that is not 0: it has said why.
 */
export async function runNodeProgram(program: string, args: readonly string[]): Promise<void> {
  const file = path.join(__dirname, '../../../src', program); // the same from src/cli/shared and dist/cli/shared
  const child = spawn(process.execPath, [file, ...args], { stdio: 'inherit' });
  const [status] = (await once(child, 'exit')) as [number | null];
  if (status !== 0) throw new CommanderError(status ?? 1, 'program', `${program} failed`);
}
