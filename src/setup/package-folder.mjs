/**
 * A folder of packages, for machines without a network and for thirty people at once: `--fetch FOLDER` fills it where there is
 * a network, `--offline FOLDER` sets up from it and asks nobody else.
 *
 *     FOLDER/python/     wheels, for one or several Pythons of one platform
 *     FOLDER/npm/        npm's cache with all packages of the lock file
 *     FOLDER/holds.json  for which platform, Pythons and package lists
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipArgument } from './environment.mjs';
import { findPython } from './python.mjs';
import { failure, run, SetupError } from './report.mjs';
import { hashOf, readStamp, writeStamp } from './stamp.mjs';
import { compareVersions } from './versions.mjs';

const platform = `${process.platform} ${process.arch}`;
const recordOf = folder => join(folder, 'holds.json');

/** The lists of packages that the folder has to hold. */
function listsOf({ project, requirements }) {
  return {
    pythonPackages: hashOf(requirements),
    npmPackages: hashOf(readFileSync(`${project}/package-lock.json`, 'utf8')),
  };
}

/**
 * Downloads the wheels for a Python, with a pip of its own that is thrown away.
 * @returns a summary for the progress line
 */
export function fetchPythonPackages({ range, chosenPython, requirements, folder, report, doing }) {
  return inScratch(async scratch => {
    const python = await findPython(range, chosenPython);
    doing(`downloading for Python ${python.version}`);
    const wheels = join(folder, 'python');
    mkdirSync(wheels, { recursive: true });
    const pip = ['-m', 'pip', 'download', '--no-input', '--progress-bar', 'off', '--only-binary', ':all:'];
    const commands = [
      [python.executable, ['-m', 'venv', scratch]],
      [join(scratch, 'bin/python'), [...pip, '--dest', wheels, ...requirements.map(pipArgument)]],
    ];
    for (const [command, args] of commands) {
      const result = await run(command, args, { log: report.log });
      if (result.status !== 0) throw failure('Downloading the Python packages', result);
    }
    return `for Python ${python.version}`;
  });
}

/**
 * Downloads the packages of the lock file, by an installation that is thrown away; then declares the folder complete.
 * @returns a summary for the progress line
 */
export function fetchNpmPackages({ project, requirements, range, chosenPython, folder, env, report, doing }) {
  return inScratch(async scratch => {
    doing('downloading');
    for (const name of ['package.json', 'package-lock.json'])
      cpSync(`${project}/${name}`, join(scratch, name));
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--cache', join(folder, 'npm')];
    const result = await run('npm', args, { cwd: scratch, env, log: report.log });
    if (result.status !== 0) throw failure('Downloading the npm packages', result);
    const { version } = await findPython(range, chosenPython);
    recordFetched(folder, version, listsOf({ project, requirements }));
    return 'those of the lock file';
  });
}

async function inScratch(work) {
  const scratch = mkdtempSync(join(tmpdir(), 'unimodal-packages-'));
  try {
    return await work(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Fetched again with another Python, the folder serves both, as long as the lists of packages are the same. */
function recordFetched(folder, python, lists) {
  const before = readStamp(recordOf(folder));
  const same = before && before.platform === platform && hashOf(before.lists) === hashOf(lists);
  const pythons = [...new Set([...(same ? before.pythons : []), python])].sort();
  writeStamp(recordOf(folder), { platform, pythons, lists });
}

/**
 * @throws SetupError unless the folder was fetched for this platform, Python and version of the project.
 */
export function requirePackageFolder(folder, { project, requirements, pythonVersion }) {
  const holds = readStamp(recordOf(folder));
  const fetched = 'Make it, on a machine with a network, with "npm run setup -- --fetch FOLDER"';
  if (!holds) {
    throw new SetupError(
      `${folder} holds no packages${existsSync(folder) ? ' (or their download was not finished)' : ': there is no such folder'}.`,
      `${fetched}.`,
    );
  }
  if (holds.platform !== platform) {
    throw new SetupError(
      `The packages in ${folder} are for ${holds.platform}, this machine is ${platform}.`,
      `${fetched.replace('a machine', 'such a machine')}.`,
    );
  }
  if (hashOf(listsOf({ project, requirements })) !== hashOf(holds.lists)) {
    throw new SetupError(
      `The packages in ${folder} are those of another version of the project, or of another device (--cpu, --gpu).`,
      `${fetched} of this version.`,
    );
  }
  if (!holds.pythons.some(fetchedFor => serves(fetchedFor, pythonVersion))) {
    throw new SetupError(
      `The packages in ${folder} are for Python ${holds.pythons.join(', ')}, this one is ${pythonVersion}.`,
      'Name another with --python, or fetch for this one as well: "npm run setup -- --fetch FOLDER --python COMMAND".',
    );
  }
}

/** Packages may ask for a patch of Python, 3.11.5 or later, but not for an earlier one. */
function serves(fetchedFor, python) {
  const minor = version => version.split('.').slice(0, 2).join('.');
  return minor(fetchedFor) === minor(python) && compareVersions(python, fetchedFor) >= 0;
}

/**
 * Calls `work` with what makes npm install from the folder alone. npm writes to its cache, and the folder may be a disk that
 * others share or that can't be written to: so it works on a copy.
 */
export async function withNpmSource(folder, work) {
  if (folder === undefined) return work([]);
  return inScratch(copy => {
    cpSync(join(folder, 'npm'), copy, { recursive: true });
    return work(['--offline', '--cache', copy]);
  });
}
