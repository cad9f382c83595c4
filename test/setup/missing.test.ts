/** Each thing that can be missing: one sentence with the remedy, exit status 1, before anything is fetched. */
import { existsSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { fakePath, fakePython, load, runSetUp, scratchProject } from './modules';

const compiler = { 'g++': 'echo "g++ (fake) 13.0"' };
let folder: string;

beforeAll(() => {
  folder = scratchProject();
});

async function refusal(programs: Record<string, string>, args: string[] = [], env: NodeJS.ProcessEnv = {}) {
  const { status, output } = await runSetUp(folder, args, { PATH: fakePath(programs), ...env });
  expect(status).toBe(1);
  expect(output).not.toContain('    at '); // a sentence, not a stack
  expect(existsSync(`${folder}/.venv`)).toBe(false);
  expect(existsSync(`${folder}/.setup.lock`)).toBe(false);
  return output;
}

describe('the set-up on a machine where something is missing', () => {
  it('names the package that brings a C++ compiler', async () => {
    expect(await refusal({})).toMatch(/There is no C\+\+ compiler.*Install one with/);
  });

  it('says that CXX names no compiler', async () => {
    expect(await refusal(compiler, [], { CXX: '/no/such/compiler' })).toContain(
      '"/no/such/compiler") does not run',
    );
  });

  it('asks for a Python where there is none', async () => {
    expect(await refusal(compiler)).toMatch(/No suitable Python.*>=3\.10,<3\.14.*Install Python/);
  });

  it.each(['3.9.18', '3.14.0'])('lists a Python %s that it cannot use', async version => {
    const output = await refusal({ ...compiler, python3: fakePython({ version }) });
    expect(output).toContain(`/fake/python3 (${version}) has the wrong version`);
  });

  it('names the package that brings venv', async () => {
    const output = await refusal({ ...compiler, python3: fakePython({ version: '3.12.4', venv: false }) });
    expect(output).toContain('sudo apt install python3.12-venv');
  });

  it('says that the Python given by --python does not run', async () => {
    expect(await refusal(compiler, ['--python', '/no/python'])).toContain(
      '"/no/python" is no Python that runs',
    );
  });

  it.each([
    [['--cuda'], /--cuda.*Known options: --gpu, --cpu, --python/],
    [['--gpu', '--cpu'], /exclude each other/],
  ])('refuses the options %j', async (args, message) => {
    expect((await refusal({}, args)).replaceAll('\n', ' ')).toMatch(message);
  });

  it('refuses a line of environment.yml that it does not understand', async () => {
    const other = scratchProject();
    writeFileSync(`${other}/environment.yml`, 'name: x\nwhat is this\n');
    const { status, output } = await runSetUp(other, [], { PATH: fakePath({}) });
    expect([status, output]).toEqual([
      1,
      expect.stringContaining('line 2: "what is this" is not understood'),
    ]);
  });
});

interface MachineModule {
  checkPlatform: (machine: { platform: string; arch: string; glibc?: string }) => void;
  checkDiskSpace: (project: string, state: { complete: boolean; gpu: boolean }, free: number) => void;
}
interface ReportModule {
  failure: (what: string, result: { status: number; output: string }) => Error;
  openReport: (file: string) => unknown;
}

describe('the checks of the machine', () => {
  it('sends Windows to WSL2 and refuses musl and other processors', async () => {
    const { checkPlatform } = await load<MachineModule>('machine');
    expect(() => checkPlatform({ platform: 'win32', arch: 'x64' })).toThrow(/WSL2/);
    expect(() => checkPlatform({ platform: 'linux', arch: 'x64' })).toThrow(/glibc/);
    expect(() => checkPlatform({ platform: 'linux', arch: 'riscv64', glibc: '2.36' })).toThrow(
      /no wheel for linux on riscv64/,
    );
    expect(() => checkPlatform({ platform: 'darwin', arch: 'x64' })).toThrow(/Apple silicon/);
    expect(() => checkPlatform({ platform: 'linux', arch: 'arm64', glibc: '2.36' })).not.toThrow();
  });

  it('wants 4 GB for a first set-up, more for CUDA, and little for a later one', async () => {
    const { checkDiskSpace } = await load<MachineModule>('machine');
    expect(() => checkDiskSpace('/p', { complete: false, gpu: false }, 2.9)).toThrow(
      /Only 2\.9 GB are free.*needs 4 GB/,
    );
    expect(() => checkDiskSpace('/p', { complete: false, gpu: true }, 5)).toThrow(/needs 10 GB/);
    expect(() => checkDiskSpace('/p', { complete: true, gpu: false }, 0.5)).not.toThrow();
  });

  it.each([
    ['18.20.0', /Node 18\.20\.0 is not supported.*Install Node 20, 22 or 24/],
    ['25.1.0', /Node 25\.1\.0 is not supported/],
  ])('refuses Node %s', async (version, message) => {
    const { problemOfNode } = await load<{ problemOfNode: (version: string) => string | undefined }>(
      'node-version',
    );
    expect(problemOfNode(version)).toMatch(message);
    expect(problemOfNode(process.versions.node)).toBeUndefined();
  });

  it.each([
    [
      'pip without network',
      'NewConnectionError(...): Failed to establish a new connection',
      /network could not be reached/,
    ],
    ['npm without network', 'npm error code EAI_AGAIN', /network could not be reached/],
    ['a full disk', 'OSError: [Errno 28] No space left on device', /disk became full/],
    [
      'a certificate',
      'ssl.SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED',
      /certificate was not accepted/,
    ],
    ['anything else', 'error: expected expression', /exit status 1.*expected expression.*setup\.log/s],
  ])('explains a failure by %s', async (_what, output, message) => {
    const { failure } = await load<ReportModule>('report');
    expect(failure('Installing', { status: 1, output }).message).toMatch(message);
  });

  it('says that a folder cannot be written', async () => {
    const { openReport } = await load<ReportModule>('report');
    expect(() => openReport('/proc/setup.log')).toThrow(/cannot be written.*folder that you may write to/);
  });
});

describe('the set-up without a network', () => {
  it('says so, and leaves no environment that the next one would take for whole', async () => {
    const other = scratchProject();
    const nowhere = 'http://127.0.0.1:9';
    const { status, output } = await runSetUp(other, [], {
      ...process.env,
      PATH: `${fakePath(compiler)}:${process.env.PATH}`,
      CONDA_PREFIX: '',
      HTTPS_PROXY: nowhere,
      HTTP_PROXY: nowhere,
      https_proxy: nowhere,
      http_proxy: nowhere,
      PIP_CONFIG_FILE: '/dev/null',
      PIP_NO_CACHE_DIR: '1',
      PIP_RETRIES: '0',
      PIP_FIND_LINKS: '',
    });
    expect(status).toBe(1);
    expect(output).toMatch(/could not be reached.*Connect/);
    expect(existsSync(`${other}/.venv/unimodal-setup.json`)).toBe(false);
  });
});
