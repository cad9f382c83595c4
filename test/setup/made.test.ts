/** What is made is made once, and again when what it was made from has changed. */
import { mkdirSync, readFileSync, readlinkSync, renameSync, writeFileSync, existsSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakePath, load, temporaryFolder } from './modules';

interface Module {
  title: string;
  sources: string;
  output: string;
}
interface Tools {
  wheel: string;
  wheelVersion: string;
  compiler?: { command: string; version: string };
}
interface NativeModule {
  compilerArguments: (options: Record<string, unknown>) => string[];
  buildModule: (project: string, module: Module, tools: Tools, context: object) => Promise<string>;
}

describe('the arguments of the compiler', () => {
  const common = { sources: ['a.cc'], output: 'a.node', wheel: '/a wheel, here', headers: '/headers' };

  it('link the shared libraries of Linux, with the wheel as run-time path, commas and blanks included', async () => {
    const { compilerArguments } = await load<NativeModule>('native');
    const args = compilerArguments({ ...common, platform: 'linux' });
    expect(args).toContain('/a wheel, here/libtensorflow_cc.so.2');
    expect(args).toContain('/a wheel, here/libtensorflow_framework.so.2');
    expect(args.slice(-4)).toEqual(['-Xlinker', '-rpath', '-Xlinker', '/a wheel, here']);
  });

  it("link macOS's libraries and leave Node's symbols to be found when loaded", async () => {
    const { compilerArguments } = await load<NativeModule>('native');
    const args = compilerArguments({ ...common, platform: 'darwin' });
    expect(args).toContain('/a wheel, here/libtensorflow_cc.2.dylib');
    expect(args.join(' ')).toContain('-undefined dynamic_lookup');
  });
});

describe('a native module', () => {
  let folder: string;
  let module: Module;
  let tools: Tools;
  let native: NativeModule;

  /** A compiler that writes its output file and counts its calls. */
  function compiler(script: string) {
    return { command: `${fakePath({ cxx: script })}/cxx`, version: 'fake 1' };
  }

  beforeEach(async () => {
    native = await load<NativeModule>('native');
    folder = temporaryFolder();
    for (const part of ['sources', 'wheel', 'wheel2']) mkdirSync(`${folder}/${part}`);
    for (const wheel of ['wheel', 'wheel2']) {
      for (const library of ['tensorflow_cc', 'tensorflow_framework']) {
        const name = process.platform === 'darwin' ? `lib${library}.2.dylib` : `lib${library}.so.2`;
        writeFileSync(`${folder}/${wheel}/${name}`, 'library');
      }
    }
    writeFileSync(`${folder}/sources/module.cc`, 'int a;');
    module = { title: 'a module', sources: `${folder}/sources`, output: `${folder}/build/module.node` };
    const script = `echo x >> ${folder}/calls; while [ "$1" != -o ]; do shift; done; echo built > "$2"`;
    tools = { wheel: `${folder}/wheel`, wheelVersion: '2.21.0', compiler: compiler(script) };
  });

  const build = (changed: Partial<Tools> = {}) =>
    native.buildModule(
      folder,
      module,
      { ...tools, ...changed },
      {
        env: {},
        report: { log: () => {} },
        doing: () => {},
      },
    );
  const calls = () => readFileSync(`${folder}/calls`, 'utf8').split('\n').length - 1;

  it('is built once, and again after a change of source, wheel or compiler', async () => {
    await build();
    await build();
    expect(calls()).toBe(1);
    writeFileSync(`${folder}/sources/module.cc`, 'int b;');
    await build();
    expect(calls()).toBe(2);
    await build({ wheel: `${folder}/wheel2` });
    expect(calls()).toBe(3);
    await build({ wheel: `${folder}/wheel2`, wheelVersion: '2.22.0' });
    expect(calls()).toBe(4);
    await build({
      wheel: `${folder}/wheel2`,
      wheelVersion: '2.22.0',
      compiler: { ...tools.compiler!, version: 'fake 2' },
    });
    expect(calls()).toBe(5);
  });

  it('is kept when the compiler has been removed since, and asked for when it has to be built', async () => {
    await build();
    expect(await build({ compiler: undefined })).toBe('built');
    writeFileSync(`${folder}/sources/module.cc`, 'int c;');
    await expect(build({ compiler: undefined })).rejects.toThrow(/There is no C\+\+ compiler/);
  });

  it('is not taken for built after a failure', async () => {
    await build();
    writeFileSync(`${folder}/sources/module.cc`, 'int d');
    await expect(build({ compiler: { ...compiler('echo "expected ;"; exit 1') } })).rejects.toThrow(
      /expected ;/,
    );
    await build();
    expect(calls()).toBe(2);
  });

  it('is built again in a folder that was moved', async () => {
    await build();
    renameSync(folder, `${folder}-moved`);
    folder = `${folder}-moved`;
    module = { ...module, sources: `${folder}/sources`, output: `${folder}/build/module.node` };
    writeFileSync(`${folder}/calls`, '');
    const script = `echo x >> ${folder}/calls; while [ "$1" != -o ]; do shift; done; echo built > "$2"`;
    tools = { ...tools, wheel: `${folder}/wheel`, compiler: compiler(script) };
    await build();
    expect(calls()).toBe(1);
  });

  it('says which library of TensorFlow is missing', async () => {
    await expect(build({ wheel: '/no/wheel' })).rejects.toThrow(/\/no\/wheel\/libtensorflow_cc.*is missing/);
  });
});

describe('the npm packages', () => {
  interface NpmModule {
    firstDifference: (project: string) => string | undefined;
    installNpmPackages: (context: object) => Promise<string>;
  }
  let folder: string;

  function write(file: string, packages: Record<string, unknown>) {
    writeFileSync(`${folder}/${file}`, JSON.stringify({ packages: { '': {}, ...packages } }));
  }

  beforeEach(() => {
    folder = temporaryFolder();
    mkdirSync(`${folder}/node_modules/a`, { recursive: true });
    mkdirSync(`${folder}/node_modules/@tensorflow/tfjs-node-gpu`, { recursive: true });
    const packages = { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' } };
    write('package-lock.json', { ...packages, 'node_modules/win': { version: '2.0.0', optional: true } });
    write('node_modules/.package-lock.json', packages);
  });

  it('are in place when all that this platform needs are there in the locked version', async () => {
    const { firstDifference } = await load<NpmModule>('npm');
    expect(firstDifference(folder)).toBeUndefined();
  });

  it.each([
    ['another version', { 'node_modules/a': { version: '1.0.1', integrity: 'sha512-a' } }],
    ['other content', { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-b' } }],
    ['a missing package', {}],
  ])('differ by %s', async (_what, packages) => {
    const { firstDifference } = await load<NpmModule>('npm');
    write('node_modules/.package-lock.json', packages);
    expect(firstDifference(folder)).toBe('node_modules/a');
  });

  it('differ by a folder that somebody deleted, and by an installation that was interrupted', async () => {
    const { firstDifference } = await load<NpmModule>('npm');
    renameSync(`${folder}/node_modules/a`, `${folder}/node_modules/b`);
    expect(firstDifference(folder)).toBe('node_modules/a');
    renameSync(`${folder}/node_modules`, `${folder}/elsewhere`);
    expect(firstDifference(folder)).toBe('node_modules/a');
  });

  it('have tfjs-node as a link to tfjs-node-gpu, in the place of a copy', async () => {
    const { installNpmPackages } = await load<NpmModule>('npm');
    mkdirSync(`${folder}/node_modules/@tensorflow/tfjs-node`);
    await installNpmPackages({ project: folder });
    expect(readlinkSync(`${folder}/node_modules/@tensorflow/tfjs-node`)).toBe('tfjs-node-gpu');
    expect(existsSync(`${folder}/node_modules/@tensorflow/tfjs-node/`)).toBe(true);
  });
});

describe('the Python environment', () => {
  interface PythonModule {
    locateEnvironment: (
      project: string,
      environment: { name: string },
      env: object,
    ) => { kind: string; prefix: string };
    environmentState: (location: object, range: string) => Promise<{ usable: boolean; reason?: string }>;
  }

  it('is the activated conda environment of our name, and .venv otherwise', async () => {
    const { locateEnvironment } = await load<PythonModule>('python');
    const locate = (env: object) => locateEnvironment('/p', { name: 'unimodal' }, env);
    expect(locate({ CONDA_PREFIX: '/conda/envs/unimodal' })).toMatchObject({
      kind: 'conda',
      prefix: '/conda/envs/unimodal',
    });
    expect(locate({ CONDA_PREFIX: '/conda', CONDA_DEFAULT_ENV: 'base' })).toMatchObject({
      kind: 'venv',
      prefix: '/p/.venv',
    });
    expect(locate({})).toMatchObject({ kind: 'venv', prefix: '/p/.venv' });
  });

  it('is made anew when the folder was moved, its Python is gone, or the version no longer fits', async () => {
    const { environmentState } = await load<PythonModule>('python');
    const prefix = temporaryFolder();
    const self = { version: '3.11.7', executable: 'x', prefix, bits: 64, venv: true, pip: true };
    const python = `${fakePath({ python: `echo '${JSON.stringify(self)}'` })}/python`;
    const location = { prefix, python, stamp: `${prefix}/stamp.json` };
    const reason = async (changed: object, range = '>=3.10,<3.14') =>
      (await environmentState({ ...location, ...changed }, range)).reason;
    expect(await reason({})).toBeUndefined();
    expect(await reason({}, '>=3.12,<3.14')).toContain('outside');
    expect(await reason({ python: '/no/python' })).toBe('missing');
    expect(await reason({ python: `${fakePath({ python: 'exit 1' })}/python` })).toContain('does not run');
    writeFileSync(location.stamp, JSON.stringify({ prefix: '/elsewhere/.venv' }));
    expect(await reason({})).toContain('moved');
  });
});
