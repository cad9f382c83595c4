/** Stack traces in terms of what the user wrote: cells by their number, modules by their TypeScript, no kernel frames. */
import { SourceMap, type SourceMapPayload } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

interface CellSource {
  readonly label: string;
  readonly sourceMap: string;
  /** Read when an error first asks for it. */
  map?: SourceMap;
}

interface Hook {
  readonly javaScriptOf: (filename: string) => string;
}

// eslint-disable-next-line @typescript-eslint/no-require-imports -- plain JavaScript without types
const { javaScriptOf } = require('../typescript-hook.cjs') as Hook;
const kernelFolder = path.join(__dirname, '..') + path.sep;
/** Code in a cell may replace the global one. */
const parseJson = JSON.parse;
const cells = new Map<string, CellSource>();
const modules = new Map<string, SourceMap | undefined>();
/** The compiled text of a cell begins on the second line of its script. */
const HEADER_LINES = 1;

/** The name of the script of a cell's execution. */
export const cellScript = (cell: number): string => `cell:${cell}`;

/** Remembers where the lines of a cell's compiled code come from. */
export function registerCell(cell: number, label: string, sourceMap: string): void {
  cells.set(cellScript(cell), { label, sourceMap });
}

const readMap = (text: string) => new SourceMap(parseJson(text) as SourceMapPayload);

function moduleMap(file: string): SourceMap | undefined {
  if (!modules.has(file)) modules.set(file, readModuleMap(file));
  return modules.get(file);
}

function readModuleMap(file: string): SourceMap | undefined {
  try {
    const encoded = /\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/.exec(
      javaScriptOf(file),
    )?.[1];
    return encoded === undefined ? undefined : readMap(Buffer.from(encoded, 'base64').toString());
  } catch {
    return undefined;
  }
}

/** Forgets the source map of a module that was edited. */
export function forgetModule(file: string): void {
  modules.delete(file);
}

function original(map: SourceMap, line: number, column: number): string {
  const entry = map.findEntry(line - 1, column - 1);
  return 'originalLine' in entry
    ? `${entry.originalLine + 1}:${entry.originalColumn + 1}`
    : `${line}:${column}`;
}

/** `Cell [3]:2:7`, `/project/src/a.ts:10:3`, or undefined for frames of the kernel and of Node itself. */
function place(frame: NodeJS.CallSite): string | undefined {
  const name = frame.getFileName();
  if (!name || name.startsWith('node:')) return undefined;
  const [line, column] = [frame.getLineNumber() ?? 1, frame.getColumnNumber() ?? 1];
  const cell = cells.get(name);
  if (cell) {
    cell.map ??= readMap(cell.sourceMap);
    return `${cell.label}:${original(cell.map, line - HEADER_LINES, column)}`;
  }
  const file = name.startsWith('file:') ? fileURLToPath(name) : name;
  if (file.startsWith(kernelFolder)) return undefined;
  const map = /\.[cm]?tsx?$/.test(file) ? moduleMap(file) : undefined;
  return `${file}:${map ? original(map, line, column) : `${line}:${column}`}`;
}

function describe(frame: NodeJS.CallSite): string[] {
  const location = place(frame);
  if (location === undefined) return [];
  const called = frame.getFunctionName()?.replace(/^__(scope|declare)\./, '');
  const type = frame.getTypeName();
  const owner =
    type && type !== 'Object' && called && !called.includes('.') && frame.isToplevel() !== true
      ? `${type}.`
      : '';
  const prefix = `${frame.isAsync() ? 'async ' : ''}${frame.isConstructor() ? 'new ' : ''}`;
  return [`    at ${prefix}${called ? `${owner}${called} (${location})` : location}`];
}

/** Formats the stack of every error that is made on this thread. */
export function installStackTraces(): void {
  Error.prepareStackTrace = (error, frames) => [headline(error), ...frames.flatMap(describe)].join('\n');
}

function headline(error: Error): string {
  try {
    return String(error);
  } catch {
    return 'Error';
  }
}
