/** JupyterLab of the project's environment and a Chromium of the machine, touching no setting or file of the user. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, chromium } from 'playwright-core';

/** The project's folder. */
export const project = resolve(__dirname, '../..');

interface Setup {
  projectEnvironment(): { location: { python: string; prefix: string } };
  variablesFor(location: { prefix: string }): NodeJS.ProcessEnv;
  labArguments(extra: string[]): string[];
}

/** A running JupyterLab: its root folder, and the address of one of its notebooks, token included. */
export interface Lab {
  readonly folder: string;
  readonly address: (path: string) => string;
  readonly stop: () => Promise<void>;
}

/** The Chromium or Chrome on the search path, or undefined. */
export function findChromium(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin'];
  return ['chromium', 'chromium-browser', 'google-chrome']
    .flatMap(name => folders.map(folder => join(folder, name)))
    .find(file => existsSync(file));
}

/** A browser with a new, empty profile that reaches this machine alone: what is drawn comes from no network. */
export function launchBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    headless: true,
    chromiumSandbox: process.getuid?.() !== 0, // Chromium refuses its sandbox to root
    args: [
      ...['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync', '--no-proxy-server'],
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  });
}

/** Starts JupyterLab with `npm run lab`'s own arguments, in a temporary root folder and with temporary settings. */
export async function startLab(): Promise<Lab> {
  const setup = await loadSetup();
  const place = mkdtempSync(join(tmpdir(), 'unimodal-browser-'));
  const folder = join(place, 'notebooks');
  mkdirSync(folder);
  const { location } = setup.projectEnvironment();
  const extra = ['--no-browser', `--ServerApp.port=${randomPort()}`];
  const launch = setup
    .labArguments(extra)
    .map(part => part.replace(`root_dir=${project}`, `root_dir=${folder}`));
  const server = spawn(location.python, launch, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...setup.variablesFor(location), ...ownFolders(place) },
  });
  const { url, token } = await serverInformation(server, join(place, 'runtime'));
  return {
    folder,
    address: path => `${url}lab/tree/${path}?token=${token}&reset`,
    stop: async () => {
      await stop(server);
      rmSync(place, { recursive: true, force: true });
    },
  };
}

async function loadSetup(): Promise<Setup> {
  const modules = ['setup/project.mjs', 'notebook/lab-arguments.mjs'];
  const loaded = await Promise.all(modules.map(path => import(`${project}/src/${path}`) as Promise<object>));
  return Object.assign({}, ...loaded) as Setup;
}

/** Above the well-known ports and below the ephemeral ones; JupyterLab takes another where this one is in use. */
const randomPort = () => 20_000 + Math.floor(Math.random() * 10_000);

/** Every folder in which Jupyter keeps something for its user; the question about news is answered with no. */
function ownFolders(place: string): NodeJS.ProcessEnv {
  const notification = join(
    place,
    'settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings',
  );
  mkdirSync(dirname(notification), { recursive: true });
  writeFileSync(notification, JSON.stringify({ fetchNews: 'false', checkForUpdates: false }));
  return {
    JUPYTER_CONFIG_DIR: join(place, 'config'),
    JUPYTER_DATA_DIR: join(place, 'data'),
    JUPYTER_RUNTIME_DIR: join(place, 'runtime'),
    JUPYTERLAB_SETTINGS_DIR: join(place, 'settings'),
    JUPYTERLAB_WORKSPACES_DIR: join(place, 'workspaces'),
    IPYTHONDIR: join(place, 'ipython'),
  };
}

/** Waits for the file in which the server states its address and the random token that it made. */
async function serverInformation(server: ChildProcess, runtime: string) {
  const log: string[] = [];
  server.stderr?.on('data', (text: Buffer) => log.push(text.toString()));
  while (server.exitCode === null) {
    const names = existsSync(runtime) ? readdirSync(runtime) : [];
    const name = names.find(entry => /^jpserver-\d+\.json$/.test(entry));
    const text = name ? readFileSync(join(runtime, name), 'utf8') : '';
    if (text.trimEnd().endsWith('}')) return JSON.parse(text) as { url: string; token: string };
    await sleep(100);
  }
  throw new Error(`JupyterLab did not start; it said:\n${log.join('')}`);
}

/** Asks the server to end, which ends its kernels first. */
async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const closed = new Promise(done => server.once('close', done));
  server.kill('SIGTERM');
  await Promise.race([closed, sleep(10_000)]);
  if (server.exitCode === null) server.kill('SIGKILL');
}
