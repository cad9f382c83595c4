/**
 * The set-up: makes everything that the project needs, from nothing or from whatever state it finds.
 * Plain Node without packages, because it runs before there are any. Does only what is not done yet.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { readArguments } from './arguments.mjs';
import { checkLoads } from './check.mjs';
import { requirementsFor } from './environment.mjs';
import { installKernel } from './kernelspec.mjs';
import { takeLock } from './lock.mjs';
import {
  checkDiskSpace,
  checkPlatform,
  findCompiler,
  findGpu,
  freeGigabytes,
  missingCompiler,
  thisPlatform,
} from './machine.mjs';
import { buildModule, nativeModules } from './native.mjs';
import { installNpmPackages } from './npm.mjs';
import { fetchNpmPackages, fetchPythonPackages, requirePackageFolder } from './package-folder.mjs';
import { home, isInstalled, project, projectEnvironment } from './project.mjs';
import {
  environmentState,
  findPython,
  installedPackages,
  installPackages,
  prepareEnvironment,
} from './python.mjs';
import { duration, openReport, SetupError } from './report.mjs';
import { readStamp } from './stamp.mjs';

/** The steps, in order: title and function from the shared context and `doing` (says what is being done) to a summary. */
const steps = [
  ['Machine', checkMachine],
  ['Python environment', makeEnvironment],
  ['Python packages', (context, doing) => installPackages({ ...context, doing })],
  ['npm packages', (context, doing) => installNpmPackages({ ...context, doing })],
  ['TensorFlow binding', (context, doing) => build('binding', context, doing)],
  ['Session module', (context, doing) => build('session', context, doing)],
  ['Jupyter kernel', context => installKernel(context)],
  ['Check', (context, doing) => checkLoads({ ...context, doing })],
];

/** The steps of --fetch: the project's own environment has no part in it. */
const fetchSteps = [
  ['Machine', checkMachine],
  ['Python packages', (context, doing) => fetchPythonPackages({ ...context, doing })],
  ['npm packages', (context, doing) => fetchNpmPackages({ ...context, doing })],
];

/** Fails early: whatever is missing on the machine is said before anything is fetched. */
async function checkMachine(context) {
  const { env, location, range } = context;
  context.compiler = await findCompiler(env);
  const built = Object.values(nativeModules(project)).every(({ output }) => existsSync(output));
  if (!context.compiler && !built) throw missingCompiler(env);
  const state = await environmentState(location, range);
  if (!state.usable && location.kind === 'venv') await findPython(range, context.chosenPython);
  await chooseDevice(context);
  checkDiskSpace(project, { complete: state.usable && state.made !== undefined, gpu: context.gpu });
  const compiler = context.compiler?.version ?? 'no C++ compiler';
  const space = `${freeGigabytes(project).toFixed(0)} GB free`;
  return `${process.platform} ${process.arch}, Node ${process.versions.node}, ${compiler}, ${context.gpu ? 'GPU' : 'CPU'}, ${space}`;
}

/** A folder of packages has to fit the Python that is there, or that will be. */
async function makeEnvironment(context, doing) {
  const { location, range, chosenPython, folder } = context;
  if (folder) {
    const { usable, version } = await environmentState(location, range);
    const { version: pythonVersion } = usable ? { version } : await findPython(range, chosenPython);
    requirePackageFolder(folder, { ...context, pythonVersion });
  }
  return prepareEnvironment({ ...context, doing });
}

/** --gpu and --cpu are remembered in the environment; without either, an NVIDIA driver decides. */
async function chooseDevice(context) {
  const { env, environment, location } = context;
  context.device = context.options.gpu
    ? 'gpu'
    : context.options.cpu
      ? 'cpu'
      : (readStamp(location.stamp)?.device ?? 'auto');
  const driver = context.device === 'auto' && process.platform === 'linux' && (await findGpu(env));
  context.gpu = context.device === 'gpu' || Boolean(driver);
  if (context.gpu && process.platform !== 'linux') {
    throw new SetupError('TensorFlow uses NVIDIA GPUs on Linux only.', 'Run it again with --cpu.');
  }
  context.requirements = requirementsFor(environment, { gpu: context.gpu });
}

async function build(name, context, doing) {
  context.installed ??= await installedPackages(context.location, context.requirements);
  const { tensorflow: wheel, versions } = context.installed;
  if (wheel === undefined) {
    throw new SetupError('TensorFlow is not in the Python environment.', 'Delete .venv and run it again.');
  }
  const wheelVersion = `${versions.tensorflow} ${versions['tensorflow-cpu']}`;
  const tools = { wheel, wheelVersion, compiler: context.compiler };
  return buildModule(project, nativeModules(project)[name], tools, { ...context, doing });
}

function readOptions(args) {
  const remedy = 'Known options: --gpu, --cpu, --python COMMAND, --fetch FOLDER, --offline FOLDER.';
  const options = {
    gpu: { type: 'boolean' },
    cpu: { type: 'boolean' },
    python: { type: 'string' },
    fetch: { type: 'string' },
    offline: { type: 'string' },
  };
  const { values } = readArguments({ args, options }, remedy);
  if (values.gpu && values.cpu) throw new SetupError('--gpu and --cpu exclude each other.', remedy);
  if (values.fetch && values.offline)
    throw new SetupError('--fetch and --offline exclude each other.', remedy);
  return values;
}

/**
 * Runs the whole set-up.
 * @throws SetupError with a sentence and its remedy when something is missing.
 */
export async function setUp(args) {
  const options = readOptions(args);
  checkPlatform(thisPlatform());
  const release = await lockProject(sentence => console.log(sentence));
  const start = performance.now();
  try {
    const report = openReport(`${home}/setup.log`);
    const env = process.env;
    const context = {
      project,
      isInstalled,
      options,
      env,
      report,
      chosenPython: options.python,
      folder: folderOf(options),
      ...projectEnvironment(env),
    };
    const chosen = options.fetch ? fetchSteps : steps;
    for (const [index, [title, work]] of chosen.entries()) {
      await report.step(`[${index + 1}/${chosen.length}]`, title, doing => work(context, doing));
    }
    const done = options.fetch
      ? `${context.folder} holds all packages: set up from it with --offline`
      : 'Set-up complete';
    report.say(`${done} (${duration((performance.now() - start) / 1000)}).`);
    report.close();
  } finally {
    release();
  }
}

/** The folder of packages, relative to where the user called npm or npx. */
function folderOf({ fetch, offline }) {
  const folder = fetch ?? offline;
  return folder && resolve(process.env.INIT_CWD ?? '.', folder);
}

async function lockProject(say) {
  try {
    return await takeLock(`${home}/.setup.lock`, say);
  } catch (error) {
    throw new SetupError(
      `The folder ${home} cannot be written (${error.message}).`,
      'Move the project to a folder that you may write to, or change the permissions of this one.',
    );
  }
}
