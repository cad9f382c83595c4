/** Where the project lies, and its Python environment: what every program of the set-up starts from. */
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readEnvironment } from './environment.mjs';
import { locateEnvironment } from './python.mjs';
import { SetupError } from './report.mjs';

/** The project's folder: a clone, or where npm has installed the package. */
export const project = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Whether the project is an installed package, whose own packages npm has installed with it. */
export const isInstalled = project.includes('/node_modules/');

/** The folder that the Python environment and the set-up's log lie in: for a package, the one that has it in node_modules. */
export const home = isInstalled ? project.slice(0, project.lastIndexOf('/node_modules/')) : project;

/** What a person runs to set up. */
export const setupCommand = isInstalled ? 'npx unimodal setup' : 'npm run setup';

/** The project's Python environment, whether it is there yet or not. */
export function projectEnvironment(env = process.env) {
  const environment = readEnvironment(project);
  const location = locateEnvironment(home, environment, env);
  return { environment, location, range: environment.conda.python };
}

/** The environment variables for programs that use the Python environment, Jupyter among them. */
export function variablesFor({ prefix }, env = process.env) {
  return {
    ...env,
    PATH: `${prefix}/bin:${env.PATH ?? ''}`,
    // A kernel of the same name in the user's own folder must not take the place of ours.
    JUPYTER_PREFER_ENV_PATH: '1',
    PYTHONNOUSERSITE: '1',
    PYDEVD_DISABLE_FILE_VALIDATION: '1',
  };
}

/** Runs the main function of a program: a SetupError becomes its sentence on standard error and exit status 1. */
export function runMain(main) {
  main().catch(error => {
    console.error(error instanceof SetupError ? `\n${error.message}` : error);
    process.exitCode = 1;
  });
}
