/** What was thrown, as the error output of a cell. */
import util from 'node:util';
import { red } from '../colors';
import type { CellOutcome } from '../threads';
import type { Cell } from './cell';
import { lineInCell } from './stack';

type Description = Pick<Extract<CellOutcome, { status: 'error' }>, 'name' | 'message' | 'traceback'>;

const CONTEXT_LINES = 2;

/** The outcome of a cell that threw: name, message, stack by cell and line, and the lines around the place. */
export function errorOutcome(thrown: unknown, cell: Cell): CellOutcome {
  return { status: 'error', ...describe(thrown, cell), declared: [...cell.declared] };
}

function describe(thrown: unknown, cell: Cell): Description {
  try {
    return isError(thrown) ? describeError(thrown, cell) : describeValue(thrown);
  } catch {
    return describeValue('a value that cannot be shown: to read it throws an error again');
  }
}

function isError(value: unknown): value is Error {
  return value instanceof Error || util.types.isNativeError(value);
}

function describeValue(thrown: unknown): Description {
  const text = util.inspect(thrown);
  const message = typeof thrown === 'string' ? thrown : text;
  return { name: 'Thrown', message, traceback: [`${red('Thrown')}: ${text}`] };
}

function describeError(error: Error, cell: Cell): Description {
  const name = String(error.name);
  const text = withStack(error);
  const traceback = text.startsWith(name) ? red(name) + text.slice(name.length) : text;
  return {
    name,
    message: String(error.message),
    traceback: [...traceback.split('\n'), ...excerpt(error, cell)],
  };
}

/** The error with its stack, further properties and causes. */
function withStack(error: Error): string {
  try {
    return util.inspect(error, { colors: false });
  } catch {
    return `${error.name}: ${error.message}`;
  }
}

/** The lines of the cell around the innermost place in it that the error, or its cause, comes from. */
function excerpt(error: Error, cell: Cell): string[] {
  const failed = lineInCell(error, cell.number) ?? lineInCell(error.cause, cell.number);
  if (failed === undefined) return [];
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
