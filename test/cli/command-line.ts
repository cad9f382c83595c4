/** Command lines in tests: many in one process that stays (quick), or one in a process of its own. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** What a command line left. */
export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that runs command lines in one folder. */
export interface Session {
  run(...argv: string[]): Promise<Outcome>;
  end(): Promise<void>;
}

/** Starts a session in a folder, with its runs in `runs/` there. */
export function startSession(folder: string): Session {
  const child = fork(path.join(__dirname, 'session.ts'), {
    cwd: folder,
    env: environment(folder),
    execArgv: ['--require', require.resolve('tsx/cjs')],
  });
  const ended = new Promise<never>((_, reject) =>
    child.once('exit', () => reject(new Error('The session has ended.'))),
  );
  ended.catch(() => undefined); // at its proper end nobody waits
  return {
    async run(...argv) {
      child.send(argv);
      const [outcome] = (await Promise.race([once(child, 'message'), ended])) as [Outcome];
      return outcome;
    },
    async end() {
      const exit = once(child, 'exit');
      child.kill();
      await exit;
    },
  };
}

/** Starts `unimodal` as a user's shell does. */
export function spawnUnimodal(folder: string, argv: readonly string[]): ChildProcess {
  const launcher = path.join(__dirname, '../../src/cli/unimodal.cjs');
  return spawn(process.execPath, [launcher, ...argv], { cwd: folder, env: environment(folder) });
}

/** Everything that a process writes until its end. */
export async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  child.stdout?.on('data', chunk => (written.stdout += String(chunk)));
  child.stderr?.on('data', chunk => (written.stderr += String(chunk)));
  const [status] = (await once(child, 'close')) as [number];
  return { status, ...written };
}

function environment(folder: string): NodeJS.ProcessEnv {
  return { ...process.env, UNIMODAL_RUNS: path.join(folder, 'runs') };
}
