/** What was thrown, as the error output of a cell. */
import util from 'node:util';
import type { CellOutcome } from '../threads';
import type { Cell } from './cell';

const red = (text: string) => `\x1b[31m${text}\x1b[39m`;
const CONTEXT_LINES = 2;

/** The outcome of a cell that threw: name, message, stack by cell and line, and the lines around the place. */
export function errorOutcome(thrown: unknown, cell: Cell): CellOutcome {
  const declared = [...cell.declared];
  if (!isError(thrown)) {
    const text = util.inspect(thrown);
    const message = typeof thrown === 'string' ? thrown : text;
    return { status: 'error', name: 'Thrown', message, traceback: [`${red('Thrown')}: ${text}`], declared };
  }
  const name = String(thrown.name);
  const described = describeError(thrown);
  const traceback = described.startsWith(name) ? red(name) + described.slice(name.length) : described;
  const lines = [...traceback.split('\n'), ...excerpt(described, cell)];
  return { status: 'error', name, message: String(thrown.message), traceback: lines, declared };
}

function isError(value: unknown): value is Error {
  return value instanceof Error || util.types.isNativeError(value);
}

/** The error with its stack, further properties and causes. */
function describeError(error: Error): string {
  try {
    return util.inspect(error, { colors: false });
  } catch {
    return `${error.name}: ${error.message}`;
  }
}

/** The lines of the cell around the innermost place in it that the stack names. */
function excerpt(stack: string, cell: Cell): string[] {
  const place = new RegExp(`${cell.label.replace(/[[\]]/g, '\\$&')}:(\\d+):\\d+`).exec(stack);
  if (!place) return [];
  const failed = Number(place[1]);
  const lines = cell.code.split('\n');
  const shown: string[] = ['', `${cell.label}:`];
  for (
    let line = Math.max(1, failed - CONTEXT_LINES);
    line <= Math.min(lines.length, failed + CONTEXT_LINES);
    line++
  ) {
    const text = `${line === failed ? '--->' : '    '} ${String(line).padStart(3)} | ${lines[line - 1]}`;
    shown.push(line === failed ? red(text) : text);
  }
  return shown;
}
