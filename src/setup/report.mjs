/** What a user sees of the set-up: a line a step on the terminal, everything in the log file, errors with their remedy. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { spawn } from 'node:child_process';

/** Something that is missing or broken, with what to do about it. Shown as one paragraph, without a stack. */
export class SetupError extends Error {
  constructor(problem, remedy) {
    super(`${problem} ${remedy}`);
    this.name = 'SetupError';
    this.problem = problem;
    this.remedy = remedy;
  }
}

/**
 * Opens the log file and returns the functions that report progress.
 * @throws SetupError when the file cannot be written (a read-only folder).
 */
export function openReport(logFile, terminal = process.stdout) {
  const file = openForWriting(logFile);
  const log = text => void writeSync(file, text.endsWith('\n') ? text : `${text}\n`);
  return {
    log,
    /** A sentence outside the steps, such as "Another set-up is running". */
    say(sentence) {
      terminal.write(`${sentence}\n`);
      log(sentence);
    },
    /** Runs one step: prints its line, and how long it took when that is worth a word. */
    async step(label, title, work) {
      const start = performance.now();
      const seconds = () => (performance.now() - start) / 1000;
      log(`\n=== ${label} ${title} (${new Date().toISOString()})`);
      const ticker = showProgress(terminal, `${label} ${title}: `, seconds);
      try {
        const summary = await work(ticker.doing);
        ticker.done(seconds() < 1 ? summary : `${summary} (${duration(seconds())})`);
        log(`${summary} (${seconds().toFixed(1)} s)`);
      } catch (error) {
        ticker.done('failed');
        log(error.stack);
        throw error;
      }
    },
    close: () => closeSync(file),
  };
}

function openForWriting(logFile) {
  try {
    return openSync(logFile, 'w');
  } catch (error) {
    const reason = error.code === 'ENOSPC' ? 'the disk is full' : error.message;
    throw new SetupError(
      `The log file ${logFile} cannot be written (${reason}).`,
      'Move the project to a folder that you may write to, or change the permissions of this one.',
    );
  }
}

/** A line that counts the seconds on a terminal, and is written in two halves elsewhere. */
function showProgress(terminal, head, seconds) {
  let activity = '';
  let timer;
  const draw = () => terminal.write(`\r\x1b[2K${head}${activity} ... ${duration(seconds())}`);
  if (!terminal.isTTY) terminal.write(head);
  return {
    /** Says what the step is doing now, when it has to do something. */
    doing(text) {
      if (terminal.isTTY) {
        activity = text;
        timer ??= setInterval(draw, 1000);
        draw();
      } else {
        terminal.write(`${text} ... `);
      }
    },
    done(summary) {
      clearInterval(timer);
      terminal.write(terminal.isTTY ? `\r\x1b[2K${head}${summary}\n` : `${summary}\n`);
    },
  };
}

/** "3.2 s", "74 s" or "3 min 12 s". */
export function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/**
 * Runs a program to its end with its output going to `log`.
 * @returns its exit status (127 when it could not be started) and its output, standard error included
 */
export function run(command, args, { cwd, env, log = () => {} } = {}) {
  log(`$ ${[command, ...args].join(' ')}`);
  return new Promise(resolve => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = chunk => {
      output += chunk;
      log(String(chunk));
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', error => resolve({ status: 127, output: `${output}${error.message}` }));
    child.on('close', (status, signal) => resolve({ status: status ?? 128, signal, output }));
  });
}

/** The JSON object that a program printed on its last such line (warnings may surround it), or undefined. */
export function lastJson(output) {
  const line = output.split('\n').findLast(text => text.startsWith('{'));
  try {
    return line && JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Why a program that fetches things failed, where its output tells: no network, or a full disk. */
const knownFailures = [
  [
    /ENOSPC|No space left on device|EDQUOT|Disk quota exceeded/i,
    'The disk became full.',
    'Free some space (4 GB are enough, 10 GB with a GPU) and run it again.',
  ],
  [
    /CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT|CERT_HAS_EXPIRED/,
    "The registry's certificate was not accepted.",
    "Point SSL_CERT_FILE and NODE_EXTRA_CA_CERTS to your network's certificates and run it again.",
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|NewConnectionError|NameResolutionError|Temporary failure in name resolution|Network is unreachable|ConnectTimeout|ReadTimeout|Max retries exceeded/,
    'The network could not be reached.',
    'Connect to it (or set HTTPS_PROXY where a proxy is needed) and run it again; what is done so far is kept.',
  ],
  [
    /\(from versions: none\)/,
    'The index of Python packages could not be reached.',
    'Connect to the network (or set HTTPS_PROXY where a proxy is needed) and run it again.',
  ],
];

/** The error for a failed program: `what` says what it was doing, e.g. "Installing the Python packages". */
export function failure(what, { status, output }) {
  for (const [pattern, problem, remedy] of knownFailures) {
    if (pattern.test(output)) return new SetupError(`${what} failed. ${problem}`, remedy);
  }
  const tail = output.trimEnd().split('\n').slice(-6).join('\n  ');
  return new SetupError(
    `${what} failed (exit status ${status}):\n  ${tail}\n`,
    'The whole output is in setup.log; when the cause is mended, run it again.',
  );
}
