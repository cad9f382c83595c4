/** The notebooks of the project, and the Python programs of this folder that work on them. */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, relative, resolve } from 'node:path';
import { spawn } from 'node:child_process';
import {
  home,
  isInstalled,
  project,
  projectEnvironment,
  setupCommand,
  variablesFor,
} from '../setup/project.mjs';
import { SetupError } from '../setup/report.mjs';

/** The folder of the notebooks: a clone's own, or that of the project that has installed the package. */
export const notebooksFolder = isInstalled ? home : `${project}/notebooks`;

/** Where a notebook is executed to, with its log and page: the project's folder rendered/, or one beside a notebook from elsewhere. */
export function executedFolder(notebook) {
  return `${notebook.startsWith(`${home}/`) ? home : dirname(notebook)}/rendered`;
}

/** A path for people: short where it lies in the project's folder. */
export const show = file => (file.startsWith(`${home}/`) ? relative(home, file) : file);

/** The notebooks without outputs, in order. */
export function sources() {
  return readdirSync(notebooksFolder)
    .filter(name => name.endsWith('.ipynb'))
    .sort()
    .map(name => `${notebooksFolder}/${name}`);
}

/** Resolves a notebook's name ("01-transition", or a path) to its file. */
export function findNotebook(name) {
  const candidates = [
    resolve(name),
    resolve(home, name),
    `${notebooksFolder}/${basename(name, '.ipynb')}.ipynb`,
  ];
  const found = candidates.find(file => file.endsWith('.ipynb') && existsSync(file));
  if (found) return found;
  throw new SetupError(
    `There is no notebook "${name}".`,
    `There are: ${sources().map(show).join(', ') || 'none'}.`,
  );
}

/** Executes a notebook into another file; resolves with the exit status. */
export const execute = (source, target) => python('execute.py', [source, target]);

const plotly = () => createRequire(import.meta.url).resolve('plotly.js-dist-min');

/** Writes the page of an executed notebook that needs no network; resolves with the exit status. */
export const writePage = (notebook, target) => python('export.py', [notebook, target, plotly()]);

/** Writes the gallery of a folder of executed notebooks; resolves with the exit status. */
export const writeGallery = (folder, target) => python('gallery.py', [folder, target, plotly()]);

/** Exit status of what Control-C ended. */
export const interrupted = 130;

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
    // Control-C reaches the child as well: it stops the kernel and ends, and then so do we.
    let stopped = false;
    const forward = { SIGINT: () => (stopped = true), SIGTERM: () => child.kill('SIGTERM') };
    for (const [signal, listener] of Object.entries(forward)) process.on(signal, listener);
    child.on('spawn', () => onStart?.(child.pid));
    child.on('error', () => {
      reject(
        new SetupError(`The Python environment ${location.prefix} is missing.`, `Run "${setupCommand}".`),
      );
    });
    child.on('close', (status, signal) => {
      for (const [name, listener] of Object.entries(forward)) process.off(name, listener);
      resolveStatus(stopped || signal ? interrupted : status);
    });
  });
}
