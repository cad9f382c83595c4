/** Setting up from a folder of packages: a folder that does not fit is refused before anything is installed. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { fakePath, fakePython, load, runSetUp, scratchProject, temporaryFolder } from './modules';

interface PackageFolderModule {
  requirePackageFolder: (folder: string, needs: object) => void;
  withNpmSource: <T>(folder: string | undefined, work: (source: string[]) => T) => Promise<T>;
}
interface StampModule {
  hashOf: (...parts: unknown[]) => string;
}

const requirements = [{ name: 'jupyterlab', version: '4.6.6' }];
let folder: string;
let module: PackageFolderModule;
let holds: object;

beforeAll(async () => {
  folder = scratchProject();
  module = await load<PackageFolderModule>('package-folder');
  const { hashOf } = await load<StampModule>('stamp');
  const lock = readFileSync(`${folder}/package-lock.json`, 'utf8');
  holds = {
    platform: `${process.platform} ${process.arch}`,
    pythons: ['3.11.7', '3.12.4'],
    lists: { pythonPackages: hashOf(requirements), npmPackages: hashOf(lock) },
  };
});

function packages(changes: object = {}): string {
  const place = temporaryFolder();
  writeFileSync(`${place}/holds.json`, JSON.stringify({ ...holds, ...changes }));
  return place;
}

describe('a folder of packages', () => {
  const require = (place: string, needs: object = {}) =>
    module.requirePackageFolder(place, { project: folder, requirements, pythonVersion: '3.12.4', ...needs });

  it('fits the Pythons, the platform and the package lists that it was fetched for', () => {
    expect(() => require(packages())).not.toThrow();
  });

  it.each<[string, object, object, RegExp]>([
    [
      'another Python',
      {},
      { pythonVersion: '3.10.2' },
      /for Python 3\.11\.7, 3\.12\.4, this one is 3\.10.*--python/,
    ],
    ['an earlier patch', {}, { pythonVersion: '3.11.2' }, /this one is 3\.11\.2/],
    ['another platform', { platform: 'darwin arm64' }, {}, /are for darwin arm64, this machine is .*--fetch/],
    ['another version', {}, { requirements: [] }, /another version of the project.*--fetch/],
  ])('is refused for %s, with the remedy', (_what, changes, needs, message) => {
    expect(() => require(packages(changes), needs)).toThrow(message);
  });

  it('is refused where its download was not finished, or where it is not', () => {
    expect(() => require(temporaryFolder())).toThrow(/not finished.*--fetch/);
    expect(() => require('/no/such/folder')).toThrow(/there is no such folder/);
  });

  it('serves npm as a copy, so that it may be shared and read-only', async () => {
    const place = packages();
    mkdirSync(`${place}/npm`);
    writeFileSync(`${place}/npm/index`, 'cache');
    const [offline, option, cache] = await module.withNpmSource(place, source => source);
    expect([offline, option]).toEqual(['--offline', '--cache']);
    expect(cache).not.toContain(place);
    expect(await module.withNpmSource(undefined, source => source)).toEqual([]);
  });
});

describe('the set-up', () => {
  const compiler = { 'g++': 'echo "g++ (fake) 13.0"' };

  it('refuses a folder that holds no packages before it makes an environment', async () => {
    const path = fakePath({ ...compiler, python3: fakePython({ version: '3.12.4' }) });
    const { status, output } = await runSetUp(folder, ['--offline', '/no/packages'], { PATH: path });
    expect([status, output]).toEqual([1, expect.stringContaining('/no/packages holds no packages')]);
  });

  it('refuses to fetch and to be offline at once', async () => {
    const { status, output } = await runSetUp(folder, ['--offline', 'a', '--fetch', 'b'], {
      PATH: fakePath({}),
    });
    expect([status, output]).toEqual([1, expect.stringContaining('exclude each other')]);
  });
});
