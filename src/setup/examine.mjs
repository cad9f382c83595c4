/**
 * The doctor: what works here, a line a thing, each with its remedy. Exit status 1 when something needed is broken.
 * npm run doctor -- --gpu: compares training on the GPU with training on the CPU. --json: the findings as JSON.
 */
import { spawn } from 'node:child_process';
import { readArguments } from './arguments.mjs';
import { diagnose, diagnoses, projectTitle } from './diagnosis.mjs';
import { findGpu } from './machine.mjs';
import { project, projectEnvironment } from './project.mjs';
import { SetupError } from './report.mjs';

const marks = { ok: 'ok    ', note: 'note  ', broken: 'BROKEN' };

/** Looks at everything; returns the exit status. */
async function examine({ json }) {
  const context = { project, env: process.env, ...projectEnvironment() };
  const say = text => json || console.log(text);
  say(`${projectTitle(project)} in ${project}`);
  const findings = [];
  for (const [name, check] of diagnoses) {
    const { state, detail, remedy } = await diagnose(check, context);
    say(`${marks[state]}  ${name.padEnd(16)} ${detail}${remedy ? `\n${' '.repeat(25)}-> ${remedy}` : ''}`);
    findings.push({ name, state, detail, remedy });
  }
  const broken = findings.filter(({ state }) => state === 'broken').map(({ name }) => name);
  if (broken.length > 0) say(`\nBroken: ${broken.join(', ')}. Start with the first remedy.`);
  if (json) console.log(JSON.stringify({ project, findings }));
  return broken.length > 0 ? 1 : 0;
}

/** Trains ten steps on the GPU and on the CPU and compares them. */
async function compareDevices({ json }) {
  if ((await findGpu(process.env)) === undefined) {
    throw new SetupError(
      'No GPU is here: no NVIDIA driver answers (nvidia-smi).',
      'Run it on a Linux machine with an NVIDIA GPU and its driver.',
    );
  }
  const program = `${project}/src/experiments/compare-devices.ts`;
  const args = ['--require', 'tsx/cjs', program, ...(json ? ['--json'] : [])];
  const child = spawn(process.execPath, args, { cwd: project, stdio: 'inherit' });
  return new Promise(resolve => child.on('close', status => resolve(status ?? 1)));
}

/** Runs the doctor with the command line's arguments; sets the exit status. */
export async function doctor(args) {
  const known = { gpu: { type: 'boolean' }, json: { type: 'boolean' } };
  const { values: options } = readArguments({ args, options: known }, 'Known options: --gpu, --json.');
  process.exitCode = options.gpu ? await compareDevices(options) : await examine(options);
}
