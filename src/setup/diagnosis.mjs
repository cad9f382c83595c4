/** What works here: a function a thing, each to a line with its remedy. Used by doctor.mjs. */
import { readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pipArgument, requirementsFor } from './environment.mjs';
import { findCompiler, findGpu } from './machine.mjs';
import { problemOfNode } from './node-version.mjs';
import { isBuilt, nativeModules } from './native.mjs';
import { firstDifference, packageFolder } from './npm.mjs';
import { isInstalled, setupCommand, variablesFor } from './project.mjs';
import { environmentState, installedPackages } from './python.mjs';
import { lastJson, run, SetupError } from './report.mjs';
import { readStamp } from './stamp.mjs';

/** @typedef {{ state: 'ok' | 'broken' | 'note', detail: string, remedy?: string }} Finding */

const ok = detail => ({ state: 'ok', detail });
const note = (detail, remedy) => ({ state: 'note', detail, remedy });
const broken = (detail, remedy = `run "${setupCommand}"`) => ({ state: 'broken', detail, remedy });

/**
 * Everything that the doctor looks at, in order: name and check.
 * @type {[string, (context: object) => Promise<Finding> | Finding][]}
 */
export const diagnoses = [
  ['Node', diagnoseNode],
  ['npm packages', diagnoseNpm],
  ['C++ compiler', diagnoseCompiler],
  ['Python', diagnosePython],
  ['Python packages', diagnosePackages],
  ['Native modules', diagnoseNative],
  ['TensorFlow', diagnoseTensorFlow],
  ['GPU', diagnoseGpu],
  ['Kernel', diagnoseKernel],
  ['Figures', diagnoseFigures],
  ['JupyterLab', diagnoseLab],
];

function diagnoseNode() {
  const problem = problemOfNode(process.versions.node);
  if (problem) return broken(problem);
  return ok(`${process.versions.node} (${process.execPath})`);
}

function diagnoseNpm({ project }) {
  if (isInstalled) return ok('installed with this package');
  const difference = firstDifference(project);
  return difference === undefined
    ? ok('as in package-lock.json')
    : broken(`${difference} is missing or differs from package-lock.json`);
}

async function diagnoseCompiler({ env }) {
  const compiler = await findCompiler(env);
  if (compiler) return ok(compiler.version);
  return note('none', 'only needed when the native modules have to be built again: install g++ or clang++');
}

async function diagnosePython({ location, range }) {
  const state = await environmentState(location, range);
  if (!state.usable) return broken(`${location.prefix}: ${state.reason}`);
  return ok(`${state.version} in ${location.prefix}`);
}

/** Which TensorFlow wheel the environment should have: the one that the set-up chose. */
function expectedRequirements({ environment, installed }) {
  return requirementsFor(environment, {
    gpu: !installed.versions['tensorflow-cpu'] && process.platform === 'linux',
  });
}

async function diagnosePackages(context) {
  const { location, environment } = context;
  context.installed = await installedPackages(location, requirementsFor(environment));
  const requirements = expectedRequirements(context);
  const { missing } = await installedPackages(location, requirements);
  if (missing.length > 0) return broken(`missing: ${missing.map(pipArgument).join(', ')}`);
  if (!readStamp(location.stamp)) return broken('their installation was interrupted');
  return ok(`${requirements.length} as pinned in environment.yml`);
}

function diagnoseNative({ project, installed }) {
  const { tensorflow: wheel, versions } = installed ?? {};
  if (!wheel) return broken('TensorFlow is not in the Python environment');
  const wheelVersion = `${versions.tensorflow} ${versions['tensorflow-cpu']}`;
  const modules = Object.values(nativeModules(project));
  const stale = modules.filter(module => !isBuilt(module, { wheel, wheelVersion }));
  if (stale.length > 0) return broken(`to be built: ${stale.map(({ title }) => title).join(', ')}`);
  return ok('built against this TensorFlow');
}

/** Loads TensorFlow as the library does, in a process of its own, and calculates. */
const tensorFlowProgram = `
const { tf } = require('./src/engine/tensorflow.ts');
if (tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0] !== 11) throw new Error('it calculates wrongly');
require(process.argv[1]);
console.log(JSON.stringify({ version: tf.version_tensorflow ?? tf.backend().binding.TF_Version, gpu: tf.backend().isGPUPackage && tf.backend().isUsingGpuDevice }));
`;

async function diagnoseTensorFlow(context) {
  const { project, env } = context;
  const { session } = nativeModules(project);
  const args = ['--require', 'tsx/cjs', '-e', tensorFlowProgram, session.output];
  const { status, output } = await run(process.execPath, args, { cwd: project, env });
  if (status !== 0)
    return broken(
      `does not load: ${
        output
          .trim()
          .split('\n')
          .find(line => line.includes('Error')) ?? output
      }`,
    );
  const answer = lastJson(output);
  context.usesGpu = answer.gpu;
  return ok(
    `${answer.version ?? context.installed.versions['tensorflow-cpu'] ?? context.installed.versions.tensorflow} calculates in Node`,
  );
}

async function diagnoseGpu({ env, usesGpu, installed }) {
  const driver = await findGpu(env);
  if (usesGpu) return ok(driver ?? 'used');
  if (process.platform === 'darwin') return note('not used: TensorFlow calculates on the CPU on macOS');
  if (driver === undefined) return note('none: no NVIDIA driver answers; everything runs on the CPU');
  if (installed?.versions['tensorflow-cpu']) {
    return note(`not used: ${driver}`, 'run "npm run setup -- --gpu" to install the CUDA wheel');
  }
  return broken(`the CUDA wheel does not find it: ${driver}`, 'update the NVIDIA driver (525 or newer)');
}

async function diagnoseKernel({ project, location, env }) {
  const { status, output } = await run(location.python, [`${project}/src/setup/ask-kernel.py`, project], {
    env: variablesFor(location, env),
  });
  if (status !== 0) return broken(`jupyter_client does not run: ${output.trim().split('\n').at(-1)}`);
  const { name, seconds, error } = lastJson(output);
  return error ? broken(error) : ok(`"${name}" starts and calculates (${seconds} s)`);
}

/** Draws one small figure with kaleido, the static renderer, to see that its browser runs here. */
async function diagnoseFigures({ project, location }) {
  const where = await run(location.python, ['-I', '-c', 'import kaleido; print(kaleido.__file__)']);
  if (where.status !== 0) return broken('kaleido is missing: figures would have no static picture');
  const answer = await drawWithKaleido(`${dirname(where.output.trim())}/executable`, project);
  if (answer.startsWith('{') && JSON.parse(answer).result)
    return ok('interactive, and static pictures by kaleido');
  const reason = answer.trim().split('\n').at(-1);
  return broken(
    `kaleido's browser does not draw (${reason || 'no answer'})`,
    'notebooks show figures all the same, without the static picture that GitHub shows; on a bare Linux install libnss3 and libexpat1',
  );
}

function drawWithKaleido(folder, project) {
  const plotly = pathToFileURL(`${packageFolder(project, 'plotly.js-dist-min')}/plotly.min.js`);
  const figure = {
    data: { data: [{ y: [1, 2] }], layout: {} },
    format: 'png',
    width: 200,
    height: 150,
    scale: 1,
  };
  // Its own start script breaks in folders with spaces, so the browser is started directly.
  const child = spawn(
    `${folder}/bin/kaleido`,
    [
      'plotly',
      '--disable-gpu',
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--allow-file-access-from-files',
      `--plotlyjs=${plotly}`,
    ],
    {
      cwd: folder,
      timeout: 60_000,
      env: {
        ...process.env,
        LD_LIBRARY_PATH: `${folder}/lib`,
        FONTCONFIG_PATH: `${folder}/etc/fonts`,
        XDG_DATA_HOME: `${folder}/xdg`,
      },
    },
  );
  return new Promise(resolve => {
    let output = '';
    let errors = '';
    child.stdout.on('data', chunk => (output += chunk));
    child.stderr.on('data', chunk => (errors += chunk));
    child.stdin.on('error', () => {});
    child.on('error', error => resolve(error.message));
    // The first line greets, the second answers.
    child.on('close', () => resolve(output.trim().split('\n')[1] ?? errors));
    child.stdin.end(`${JSON.stringify(figure)}\n`);
  });
}

async function diagnoseLab({ location }) {
  const { status, output } = await run(location.python, ['-I', '-m', 'jupyterlab', '--version']);
  return status === 0 ? ok(output.trim().split('\n').at(-1)) : broken('does not start');
}

/** Runs one check; whatever it throws is a finding too. */
export async function diagnose(check, context) {
  try {
    return await check(context);
  } catch (error) {
    return error instanceof SetupError ? broken(error.problem, error.remedy) : broken(error.message);
  }
}

/** The name and version of this project. */
export function projectTitle(project) {
  const { name, version } = JSON.parse(readFileSync(`${project}/package.json`, 'utf8'));
  return `${name} ${version}`;
}
