/** The notebooks of the project, and the Python programs of this folder that work on them. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import { spawn } from 'node:child_process';
import { project, projectEnvironment, variablesFor } from '../setup/project.mjs';
import { SetupError } from '../setup/report.mjs';

/** The notebooks without outputs, in order. */
export function sources() {
  return readdirSync(`${project}/notebooks`)
    .filter(name => name.endsWith('.ipynb'))
    .sort()
    .map(name => `${project}/notebooks/${name}`);
}

/** Resolves a notebook's name ("01-transition", or a path) to its file. */
export function findNotebook(name) {
  const file = [
    resolve(name),
    resolve(project, name),
    `${project}/notebooks/${basename(name, '.ipynb')}.ipynb`,
  ];
  const found = file.find(candidate => candidate.endsWith('.ipynb') && existsSync(candidate));
  if (found) return found;
  throw new SetupError(`There is no notebook "${name}".`, `There are: ${sources().map(show).join(', ')}.`);
}

/** A file of the project as people write it. */
export const show = file => relative(project, file);

/**
 * Runs a Python program of this folder in the project's environment, on this terminal; resolves with its exit status.
 * @param options.env environment variables besides the usual ones
 * @param options.onStart called with the process's number
 */
export function python(program, args, { env = {}, onStart } = {}) {
  const { location } = projectEnvironment();
  return new Promise((resolveStatus, reject) => {
    const child = spawn(location.python, [`${project}/src/notebook/${program}`, ...args], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...variablesFor(location), PYTHONDONTWRITEBYTECODE: '1', ...env },
    });
    // Ctrl-C reaches the child as well; it stops the kernel and ends, and so do we.
    const forward = { SIGINT: () => {}, SIGTERM: () => child.kill('SIGTERM') };
    for (const [signal, listener] of Object.entries(forward)) process.on(signal, listener);
    child.on('spawn', () => onStart?.(child.pid));
    child.on('error', () => {
      reject(new SetupError(`The Python environment ${location.prefix} is missing.`, 'Run "npm run setup".'));
    });
    child.on('close', (status, signal) => {
      for (const [name, listener] of Object.entries(forward)) process.off(name, listener);
      resolveStatus(signal ? 130 : status);
    });
  });
}
