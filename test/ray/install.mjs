/** The Ray that npm run test:ray tests against, in a Python environment of its own: .venv-ray. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { project, projectEnvironment } from '../../src/setup/project.mjs';

const version = '2.60.0';
const environment = path.join(project, '.venv-ray');
const python = path.join(environment, 'bin/python');

function installed() {
  try {
    const code = 'import importlib.metadata as m; print(m.version("ray"))';
    return execFileSync(python, ['-c', code], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}

if (installed() !== version) {
  console.log(`installing Ray ${version} in ${environment}: 400 MB, about a minute`);
  const run = (command, args) => execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  run(projectEnvironment().location.python, ['-m', 'venv', '--clear', environment]);
  run(python, ['-m', 'pip', 'install', '--quiet', `ray[default]==${version}`]);
}
