import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Environment, type EnvironmentModule, load, project } from './modules';

let setup: EnvironmentModule;
let ours: Environment;

beforeAll(async () => {
  setup = await load<EnvironmentModule>('environment');
  ours = setup.parseEnvironment(readFileSync(`${project}/environment.yml`, 'utf8'));
});

const base = 'name: x\nchannels:\n  - conda-forge\ndependencies:\n  - python >=3.10,<3.14\n';

describe('environment.yml', () => {
  it('bounds Python, Node and the compiler from both sides', () => {
    for (const name of ['python', 'nodejs', 'cxx-compiler']) {
      expect(ours.conda[name]).toMatch(/^>=[\d.]+,<[\d.]+$/);
    }
  });

  it('allows the same versions of Node as package.json', () => {
    const { engines } = JSON.parse(readFileSync(`${project}/package.json`, 'utf8')) as {
      engines: { node: string };
    };
    expect(ours.conda.nodejs.split(',')).toEqual(engines.node.split(' '));
  });

  it('pins every Python package exactly, each once a platform', () => {
    for (const platform of ['linux', 'darwin']) {
      const names = setup.requirementsFor(ours, { platform }).map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    }
    expect(ours.pip.length).toBeGreaterThan(10);
  });
});

describe('requirementsFor', () => {
  const tensorFlow = (options: { platform?: string; gpu?: boolean }) =>
    setup
      .requirementsFor(ours, options)
      .map(requirement => setup.pipArgument(requirement))
      .filter(argument => argument.startsWith('tensorflow'));

  it('takes the CPU wheel on Linux, the plain one on macOS and the CUDA one for a GPU, all of one version', () => {
    const [cpu] = tensorFlow({ platform: 'linux' });
    const version = cpu.split('==')[1];
    expect(cpu).toBe(`tensorflow-cpu==${version}`);
    expect(tensorFlow({ platform: 'darwin' })).toEqual([`tensorflow==${version}`]);
    expect(tensorFlow({ platform: 'linux', gpu: true })).toEqual([`tensorflow[and-cuda]==${version}`]);
  });
});

describe('parseEnvironment', () => {
  it('reads names, ranges, pins, platforms and comments', () => {
    const text = `# a comment\n${base}  - pip\n  - pip:\n      - kaleido==0.2.1 # why\n      - tensorflow==2.21.0 ; sys_platform == "darwin"\n`;
    expect(setup.parseEnvironment(text)).toEqual({
      name: 'x',
      channels: ['conda-forge'],
      conda: { python: '>=3.10,<3.14', pip: '' },
      pip: [
        { name: 'kaleido', version: '0.2.1' },
        { name: 'tensorflow', version: '2.21.0', platform: 'darwin' },
      ],
    });
  });

  it.each([
    ['a pip package that is not pinned', `${base}  - pip:\n      - numpy>=2\n`, 7],
    ['a package below the wrong section', 'name: x\n  - python >=3.10\n', 2],
    ['wrong indentation', `${base}    - nodejs >=20\n`, 6],
    ['a tab', `${base}\t- nodejs >=20\n`, 6],
    ['YAML that it does not know', `${base}  - &anchor python\n`, 6],
    ['an unknown key', `${base}prefix: /opt\n`, 6],
  ])('refuses %s and names the line', (_what, text, line) => {
    expect(() => setup.parseEnvironment(text)).toThrow(
      new RegExp(`environment.yml, line ${line}:.*not understood`),
    );
  });
});

describe('satisfies', () => {
  it.each([
    ['20.19.0', '>=20.19 <25', true],
    ['20.18.3', '>=20.19 <25', false],
    ['24.99.0', '>=20.19 <25', true],
    ['25.0.0', '>=20.19 <25', false],
    ['3.9.18', '>=3.10,<3.14', false],
    ['3.13.0', '>=3.10,<3.14', true],
  ])('version %s in %s: %s', async (version, range, expected) => {
    const { satisfies } = await load<{ satisfies: (version: string, range: string) => boolean }>('versions');
    expect(satisfies(version, range)).toBe(expected);
  });
});
