/**
 * The process that draws pictures of figures: kaleido 0.2.1, a Python wheel that carries its own browser and speaks JSON
 * lines (https://github.com/plotly/Kaleido/tree/v0.2.1). Answers come in the order of the requests.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

/** What is to be drawn, in kaleido's words. */
export interface KaleidoRequest {
  readonly format: 'png' | 'svg';
  readonly width: number;
  readonly height: number;
  readonly scale: number;
  readonly data: { readonly data: unknown; readonly layout: unknown };
}

/** A running kaleido. */
export interface Kaleido {
  /** Whether it can take requests. */
  readonly alive: boolean;
  /** Draws one figure: base64 of a PNG, text of an SVG. One request at a time. */
  draw(request: KaleidoRequest): Promise<string>;
  /** Ends the process; a request that waits is rejected. */
  close(): void;
}

/** Milliseconds to wait for the browser to start and for a figure: many times what a busy machine needs. */
const patience = 60_000;

/**
 * The folder of kaleido's program in the project's Python environment, or undefined. The environment is the one that
 * UNIMODAL_PYTHON_ENV names, else `.venv` in the project, else the activated conda environment.
 */
export function findKaleido(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = env.UNIMODAL_PYTHON_ENV;
  const prefixes = named ? [named] : [path.join(projectFolder(), '.venv'), env.CONDA_PREFIX ?? ''];
  for (const prefix of prefixes.filter(Boolean)) {
    const lib = path.join(prefix, 'lib');
    const pythons = existsSync(lib) ? readdirSync(lib).filter(name => name.startsWith('python')) : [];
    for (const python of pythons) {
      const folder = path.join(lib, python, 'site-packages/kaleido/executable');
      if (existsSync(path.join(folder, 'kaleido'))) return folder;
    }
  }
  return undefined;
}

/** The folder of the Python environment: the project's, or where it is an installed package, that around node_modules. */
function projectFolder(): string {
  const [around, installed] = __dirname.split(/[\\/]node_modules[\\/]unimodal[\\/]/);
  return installed === undefined ? path.join(__dirname, '../..') : around;
}

/**
 * Starts kaleido and waits until it is ready. It does not keep Node from exiting, and ends with it.
 * @param folder as {@link findKaleido} returns it
 * @throws Error with the last line that kaleido wrote when it does not start.
 */
export async function startKaleido(folder: string): Promise<Kaleido> {
  const child = spawnKaleido(folder);
  const streams = [child.stdin, child.stdout, child.stderr] as unknown as Socket[];
  let complaint = 'it wrote nothing';
  let waiting: { resolve: (line: string) => void; reject: (error: Error) => void } | undefined;
  let alive = true;
  const fail = (reason: string) => {
    alive = false;
    child.kill('SIGKILL');
    waiting?.reject(new Error(reason));
  };
  child.once('error', error => fail(error.message));
  child.once('exit', () => fail(`the drawing program ended (${complaint})`));
  child.stdin.on('error', () => undefined); // a dead process: 'exit' says so
  createInterface(child.stderr).on('line', line => (complaint = line));
  createInterface(child.stdout).on('line', line => waiting?.resolve(line));
  const answer = () =>
    withPatience<string>((resolve, reject) => (waiting = { resolve, reject }), fail).finally(() => {
      waiting = undefined;
      for (const stream of streams) stream.unref();
    });
  child.unref();
  const end = () => child.kill();
  process.once('exit', end);
  child.once('exit', () => process.removeListener('exit', end));
  resultOf(await answer());
  return {
    get alive() {
      return alive;
    },
    draw(request) {
      if (!alive) return Promise.reject(new Error('the drawing program has ended'));
      for (const stream of streams) stream.ref();
      const drawn = answer();
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return drawn.then(line => resultOf(line) ?? '');
    },
    close: () => fail('the drawing program was closed'),
  };
}

/** The program itself, not its shell script: that one cannot stand in a folder with a space in its name. */
function spawnKaleido(folder: string) {
  const program = path.join(folder, 'bin/kaleido');
  const direct = existsSync(program);
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []; // the browser refuses to run as root with it
  const options = [
    '--disable-gpu',
    '--disable-breakpad',
    '--disable-dev-shm-usage',
    '--allow-file-access-from-files',
  ];
  const plotly = `--plotlyjs=${pathToFileURL(require.resolve('plotly.js-dist-min')).href}`;
  return spawn(direct ? program : path.join(folder, 'kaleido'), ['plotly', plotly, ...options, ...sandbox], {
    cwd: folder,
    env: {
      ...process.env,
      // As its shell script sets them.
      LD_LIBRARY_PATH: path.join(folder, 'lib'),
      LD_PRELOAD: undefined,
      FONTCONFIG_PATH: path.join(folder, 'etc/fonts'),
      XDG_DATA_HOME: path.join(folder, 'xdg'),
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

function withPatience<T>(
  executor: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
  giveUp: (reason: string) => void,
): Promise<T> {
  const timer = setTimeout(() => giveUp(`no answer within ${patience / 1000} s`), patience);
  return new Promise<T>(executor).finally(() => clearTimeout(timer));
}

/** The result in an answer of kaleido; null in its first line, which says that it is ready. */
function resultOf(line: string): string | null {
  const { code, message, result } = JSON.parse(line) as {
    code: number;
    message: string;
    result: string | null;
  };
  if (code !== 0) throw new Error(`the figure could not be drawn: ${message}`);
  return result;
}
