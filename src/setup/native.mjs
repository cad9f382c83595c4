/** The native modules, built against TensorFlow's wheel: the stock binding of tfjs, and our own session module. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { existsSync, statSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { failure, run, SetupError } from './report.mjs';
import { missingCompiler } from './machine.mjs';
import { packageFolder } from './npm.mjs';
import { hashOf, readStamp, removeStamp, writeStamp } from './stamp.mjs';

/**
 * What is built from what.
 * @returns {Record<'binding' | 'session', { title: string, sources: string, output: string }>}
 */
export function nativeModules(project) {
  const tfjs = packageFolder(project, '@tensorflow/tfjs-node-gpu');
  return {
    binding: {
      title: 'the binding of TensorFlow.js',
      sources: `${tfjs}/binding`,
      output: `${tfjs}/lib/napi-v8/tfjs_binding.node`,
    },
    session: {
      title: 'the session module',
      sources: `${project}/src/engine/native`,
      output: `${project}/src/engine/native/build/session.node`,
    },
  };
}

/** TensorFlow's two libraries inside the wheel, by platform. */
export function tensorFlowLibraries(wheel, platform = process.platform) {
  const name = base => (platform === 'darwin' ? `lib${base}.2.dylib` : `lib${base}.so.2`);
  return [`${wheel}/${name('tensorflow_cc')}`, `${wheel}/${name('tensorflow_framework')}`];
}

/** The compiler's arguments for one module. */
export function compilerArguments({ sources, output, wheel, headers, platform = process.platform }) {
  return [
    ...['-O2', '-std=c++17', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-Wno-deprecated-declarations'],
    ...(platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []),
    ...[`-I${wheel}/include`, `-I${headers}`],
    ...sources,
    ...['-o', output],
    ...tensorFlowLibraries(wheel, platform),
    // -Xlinker, not -Wl: a folder's name may contain a comma.
    ...['-Xlinker', '-rpath', '-Xlinker', wheel],
  ];
}

/** The C++ sources and headers of a module, sorted. */
function filesOf(folder, extensions) {
  return readdirSync(folder)
    .filter(name => extensions.includes(extname(name)))
    .sort()
    .map(name => `${folder}/${name}`);
}

/** Everything that the module's bytes depend on, apart from the compiler. Node-API is the same in Node 20, 22 and 24. */
function keyOf(module, wheel, wheelVersion) {
  const files = filesOf(module.sources, ['.cc', '.h']);
  const [library] = tensorFlowLibraries(wheel);
  return hashOf(
    files.map(file => [file, readFileSync(file, 'utf8')]),
    compilerArguments({ sources: [], output: module.output, wheel, headers: '' }),
    [wheelVersion, statSync(library).size, process.arch],
  );
}

function stampOf(module) {
  return `${dirname(module.output)}/built-from.json`;
}

/**
 * Whether a module is built from the present sources, wheel, folder and compiler.
 * A compiler that has been removed since does not matter.
 */
export function isBuilt(module, { wheel, wheelVersion, compiler }) {
  const stamp = readStamp(stampOf(module));
  if (!stamp || !existsSync(module.output)) return false;
  const sameCompiler = compiler === undefined || stamp.compiler === compiler.version;
  return sameCompiler && stamp.key === keyOf(module, wheel, wheelVersion);
}

/**
 * Builds one native module where that is needed.
 * @param {{ wheel: string, wheelVersion: string, compiler?: { command: string, version: string } }} tools
 * @returns a summary for the progress line
 */
export async function buildModule(project, module, tools, { env, report, doing }) {
  const { wheel, wheelVersion, compiler } = tools;
  for (const library of tensorFlowLibraries(wheel)) {
    if (existsSync(library)) continue;
    throw new SetupError(
      `TensorFlow's library ${library} is missing.`,
      'Delete .venv (or make the conda environment anew) and run it again.',
    );
  }
  if (isBuilt(module, tools)) return 'built';
  if (compiler === undefined) throw missingCompiler(env);
  doing(`building with ${compiler.command}`);
  removeStamp(stampOf(module));
  mkdirSync(dirname(module.output), { recursive: true });
  const temporary = `${module.output}.${process.pid}`;
  const args = compilerArguments({
    sources: filesOf(module.sources, ['.cc']),
    output: temporary,
    wheel,
    headers: `${packageFolder(project, 'node-api-headers')}/include`,
  });
  const result = await run(compiler.command, args, { env, log: report.log });
  if (result.status !== 0) {
    rmSync(temporary, { force: true });
    throw failure(`Building ${module.title}`, result);
  }
  renameSync(temporary, module.output);
  writeStamp(stampOf(module), { key: keyOf(module, wheel, wheelVersion), compiler: compiler.version });
  return `built with ${compiler.version}`;
}
