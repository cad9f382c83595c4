/** The project's Python environment: an activated conda environment made from environment.yml, or `.venv`. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { failure, lastJson, run, SetupError } from './report.mjs';
import { pipArgument } from './environment.mjs';
import { hashOf, readStamp, removeStamp, writeStamp } from './stamp.mjs';
import { satisfies } from './versions.mjs';

/** What a Python says about itself; runs on any Python 3. */
const describeSelf = `
import json, sys, importlib.util as u
print(json.dumps(dict(version="%d.%d.%d" % sys.version_info[:3], executable=sys.executable, prefix=sys.prefix,
  bits=64 if sys.maxsize > 2**32 else 32, venv=bool(u.find_spec("venv") and u.find_spec("ensurepip")), pip=bool(u.find_spec("pip")))))
`;

/** Which versions of some packages are installed, and where TensorFlow's files lie. */
const describePackages = `
import json, sys, importlib.metadata as m, importlib.util as u
def version(name):
    try: return m.version(name)
    except m.PackageNotFoundError: return None
spec = u.find_spec("tensorflow")
print(json.dumps(dict(versions={name: version(name) for name in sys.argv[1:]},
  tensorflow=spec and list(spec.submodule_search_locations)[0])))
`;

async function askPython(command, code, args = []) {
  // -I: neither PYTHONPATH nor the folder we are in may lend it packages.
  const { status, output } = await run(command, ['-I', '-c', code, ...args]);
  return status === 0 ? lastJson(output) : undefined;
}

/**
 * Which environment the project uses.
 * @returns {{ kind: 'conda' | 'venv', prefix: string, python: string, stamp: string }}
 */
export function locateEnvironment(project, environment, env) {
  const conda = env.CONDA_PREFIX;
  const isOurs = conda && [env.CONDA_DEFAULT_ENV, basename(conda)].includes(environment.name);
  const prefix = isOurs ? conda : `${project}/.venv`;
  return {
    kind: isOurs ? 'conda' : 'venv',
    prefix,
    python: `${prefix}/bin/python`,
    stamp: `${prefix}/unimodal-setup.json`,
  };
}

/**
 * Looks for a Python that the environment can be made with.
 * @param {string | undefined} chosen the command given by --python
 * @throws SetupError saying which Pythons there are and what each lacks.
 */
export async function findPython(range, chosen) {
  const candidates = chosen
    ? [chosen]
    : ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
  const problems = new Map();
  for (const command of candidates) {
    const python = await askPython(command, describeSelf);
    if (python === undefined) continue;
    const problem = problemOf(python, range);
    if (problem === undefined) return { command, ...python };
    problems.set(`${python.executable} (${python.version}) ${problem}`, python);
  }
  throw noPython(range, chosen, problems);
}

function problemOf({ version, bits, venv }, range) {
  if (!satisfies(version, range)) return 'has the wrong version';
  if (bits !== 64) return 'is a 32-bit build';
  if (!venv) return 'lacks venv';
  return undefined;
}

function noPython(range, chosen, problems) {
  const lacking = [...problems].find(([problem]) => problem.endsWith('lacks venv'))?.[1];
  if (lacking) {
    const minor = lacking.version.split('.').slice(0, 2).join('.');
    return new SetupError(
      `Python ${lacking.version} (${lacking.executable}) cannot make virtual environments: its venv module is missing.`,
      `Install it with "sudo apt install python${minor}-venv" (or python3-venv) and run it again.`,
    );
  }
  const found = [...problems.keys()].join('; ');
  const remedy = 'Install Python 3.10 to 3.13 (Debian and Ubuntu: "sudo apt install python3 python3-venv")';
  if (chosen && !found) return new SetupError(`"${chosen}" is no Python that runs.`, `${remedy}.`);
  return new SetupError(
    `No suitable Python was found: the project needs Python ${range}${found ? ` (${found})` : ''}.`,
    `${remedy} and run it again, or name one with "npm run setup -- --python /path/to/python3".`,
  );
}

/** Whether an environment is there, is whole, and lies where it was made (its programs contain absolute paths). */
export async function environmentState(location, range) {
  if (!existsSync(location.python)) return { usable: false, reason: 'missing' };
  const python = await askPython(location.python, describeSelf);
  if (!python) return { usable: false, reason: 'its Python does not run any more' };
  if (!python.pip) return { usable: false, reason: 'it has no pip' };
  if (!satisfies(python.version, range)) {
    return { usable: false, reason: `its Python ${python.version} is outside ${range}` };
  }
  const made = readStamp(location.stamp);
  if (made && made.prefix !== location.prefix) return { usable: false, reason: 'the folder was moved' };
  return { usable: true, version: python.version, made };
}

/**
 * Makes `.venv` where it is missing or broken; a conda environment is only checked.
 * @returns a summary for the progress line
 */
export async function prepareEnvironment({ location, range, chosenPython, report, doing }) {
  const state = await environmentState(location, range);
  if (state.usable) return `${location.prefix}, Python ${state.version}`;
  if (location.kind === 'conda') {
    throw new SetupError(
      `The conda environment ${location.prefix} cannot be used: ${state.reason}.`,
      'Make it anew with "conda env create -f environment.yml", activate it, and run it again.',
    );
  }
  const python = await findPython(range, chosenPython);
  doing(`making it with Python ${python.version}`);
  await rm(location.prefix, { recursive: true, force: true });
  const made = await run(python.executable, ['-m', 'venv', location.prefix], { log: report.log });
  if (made.status !== 0) {
    await rm(location.prefix, { recursive: true, force: true });
    throw failure('Making the Python environment', made);
  }
  return `made with Python ${python.version}${state.reason === 'missing' ? '' : ` (${state.reason})`}`;
}

/**
 * What of the requirements is installed.
 * @returns {Promise<{ missing: import('./environment.mjs').Requirement[], tensorflow?: string, versions: Record<string, string | null> }>}
 */
export async function installedPackages(location, requirements) {
  const names = [...new Set([...requirements.map(({ name }) => name), 'tensorflow', 'tensorflow-cpu'])];
  const found = (await askPython(location.python, describePackages, names)) ?? { versions: {} };
  const missing = requirements.filter(({ name, version }) => found.versions[name] !== version);
  return { missing, versions: found.versions, tensorflow: found.tensorflow ?? undefined };
}

/**
 * Installs what is missing of the requirements.
 * @param device 'cpu', 'gpu' or 'auto', kept so that the next set-up takes the same
 * @param folder of packages that alone is asked; undefined: the registry
 * @returns a summary for the progress line
 */
export async function installPackages({ location, requirements, device, folder, report, doing }) {
  const key = hashOf(requirements);
  const stamp = readStamp(location.stamp);
  const before = await installedPackages(location, requirements);
  const complete = stamp?.key === key && before.missing.length === 0;
  if (complete && stamp.device === device)
    return `${requirements.length} packages with what they need, in place`;
  if (!complete) {
    doing('installing');
    removeStamp(location.stamp);
    await removeOtherTensorFlow({ location, requirements, versions: before.versions, report });
    const args = ['-m', 'pip', 'install', '--no-input', '--progress-bar', 'off', '--no-warn-script-location'];
    const source = folder === undefined ? [] : ['--no-index', '--find-links', `${folder}/python`];
    const packages = [...source, ...requirements.map(pipArgument)];
    const result = await run(location.python, [...args, ...packages], { log: report.log });
    if (result.status !== 0) throw failure('Installing the Python packages', result);
    const after = await installedPackages(location, requirements);
    if (after.missing.length > 0) {
      throw new SetupError(
        `pip reported success, but ${after.missing.map(pipArgument).join(', ')} is not there.`,
        `Delete ${location.prefix} and run it again.`,
      );
    }
  }
  writeStamp(location.stamp, { prefix: location.prefix, key, device });
  return `${requirements.length} packages with what they need, installed`;
}

/** The CPU and the CUDA wheel own the same folder: the one that is not wanted goes first, and takes the files of both with it. */
async function removeOtherTensorFlow({ location, requirements, versions, report }) {
  const others = ['tensorflow', 'tensorflow-cpu'].filter(
    name => versions[name] && !requirements.some(requirement => requirement.name === name),
  );
  if (others.length === 0) return;
  const both = ['tensorflow', 'tensorflow-cpu'].filter(name => versions[name]);
  const result = await run(location.python, ['-m', 'pip', 'uninstall', '--yes', ...both], {
    log: report.log,
  });
  if (result.status !== 0) throw failure('Removing the other TensorFlow', result);
}
