/**
 * The doctor: what works here, a line a thing, each with its remedy. Exit status 1 when something needed is broken.
 * npm run doctor -- --gpu: compares training on the GPU with training on the CPU.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { diagnose, diagnoses, projectTitle } from './diagnosis.mjs';
import { findGpu } from './machine.mjs';
import { project, projectEnvironment } from './project.mjs';
import { SetupError } from './report.mjs';

const marks = { ok: 'ok    ', note: 'note  ', broken: 'BROKEN' };

/** Looks at everything; returns the exit status. */
async function examine() {
  const context = { project, env: process.env, ...projectEnvironment() };
  console.log(`${projectTitle(project)} in ${project}`);
  const brokenNames = [];
  for (const [name, check] of diagnoses) {
    const { state, detail, remedy } = await diagnose(check, context);
    console.log(
      `${marks[state]}  ${name.padEnd(16)} ${detail}${remedy ? `\n${' '.repeat(25)}-> ${remedy}` : ''}`,
    );
    if (state === 'broken') brokenNames.push(name);
  }
  if (brokenNames.length > 0)
    console.log(`\nBroken: ${brokenNames.join(', ')}. Start with the first remedy.`);
  return brokenNames.length > 0 ? 1 : 0;
}

/** Trains ten steps on the GPU and on the CPU and compares them. */
async function compareDevices() {
  if ((await findGpu(process.env)) === undefined) {
    throw new SetupError(
      'No GPU is here: no NVIDIA driver answers (nvidia-smi).',
      'Run it on a Linux machine with an NVIDIA GPU and its driver.',
    );
  }
  const program = `${project}/src/cli/compare-devices.ts`;
  if (!existsSync(program))
    throw new SetupError(`${program} is missing.`, 'Restore it with "git checkout src/cli".');
  const args = ['--require', 'tsx/cjs', program];
  const child = spawn(process.execPath, args, { cwd: project, stdio: 'inherit' });
  return new Promise(resolve => child.on('close', status => resolve(status ?? 1)));
}

function readOptions(args) {
  try {
    return parseArgs({ args, options: { gpu: { type: 'boolean' } } }).values;
  } catch (error) {
    throw new SetupError(`${error.message}.`, 'Known option: --gpu.');
  }
}

/** Runs the doctor with the command line's arguments; sets the exit status. */
export async function doctor(args) {
  process.exitCode = readOptions(args).gpu ? await compareDevices() : await examine();
}
