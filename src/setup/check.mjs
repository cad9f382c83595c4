/** The last step of the set-up: everything that was made is loaded once, in processes of its own. */
import { existsSync, readFileSync } from 'node:fs';
import { nativeModules } from './native.mjs';
import { failure, run, SetupError } from './report.mjs';
import { hashOf, readStamp, removeStamp, writeStamp } from './stamp.mjs';

/** The Python modules that the project starts or imports. */
export const pythonModules = [
  'jupyterlab',
  'nbclient',
  'nbconvert',
  'papermill',
  'plotly',
  'kaleido',
  'pytest',
];

/** A calculation through the library's own entrance, then the session module. */
const nodeProgram = session => `
const { tf } = require('./src/engine/tensorflow.ts');
const product = tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0];
if (product !== 11) throw new Error('TensorFlow calculates [1 2] x [3 4] = ' + product + ' instead of 11');
require(${JSON.stringify(session)});
`;

/** Loads TensorFlow in Node through tsx, as the library does, and multiplies two matrices. */
export function checkNode({ project, env, log }) {
  const { session } = nativeModules(project);
  const args = ['--require', 'tsx/cjs', '-e', nodeProgram(session.output)];
  return run(process.execPath, args, { cwd: project, env, log });
}

/** Imports the Python modules. */
export function checkPython({ project, location, env, log }) {
  return run(location.python, ['-I', '-c', `import ${pythonModules.join(', ')}`], { cwd: project, env, log });
}

/**
 * Checks that everything loads, unless it was checked in just this state before.
 * @returns a summary for the progress line
 * @throws SetupError when something does not load.
 */
export async function checkLoads(context) {
  const { project, location, requirements, report, env, doing } = context;
  const stamp = `${project}/node_modules/.cache/unimodal/checked.json`;
  const built = Object.values(nativeModules(project)).map(({ output }) => readFileSync(output));
  const key = hashOf(process.version, location.prefix, requirements, ...built);
  if (existsSync(stamp) && readStamp(stamp).key === key) return 'everything loads';
  doing('loading everything once');
  removeStamp(stamp);
  const [node, python] = await Promise.all([
    checkNode({ project, env, log: report.log }),
    checkPython({ project, location, env, log: report.log }),
  ]);
  if (node.signal) {
    throw new SetupError(
      `TensorFlow ended Node with ${node.signal} while loading.`,
      'Its processor instructions (AVX) may be missing on this machine: TensorFlow needs them.',
    );
  }
  if (node.status !== 0) throw failure('Loading TensorFlow in Node', node);
  if (python.status !== 0) throw failure('Importing the Python packages', python);
  writeStamp(stamp, { key });
  return 'everything loads';
}
