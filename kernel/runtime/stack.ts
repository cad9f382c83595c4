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

/** Where a frame is in what the user wrote. */
interface Place {
  /** The script's name: of a cell, {@link cellScript}. */
  readonly script: string;
  /** How the user knows the file: `Cell [3]`, `/project/src/a.ts`. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
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
/** The places of each error, innermost first. */
const placesOfErrors = new WeakMap<object, readonly Place[]>();
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

function original(
  map: SourceMap | undefined,
  line: number,
  column: number,
): { line: number; column: number } {
  const entry = map?.findEntry(line - 1, column - 1);
  return entry && 'originalLine' in entry
    ? { line: entry.originalLine + 1, column: entry.originalColumn + 1 }
    : { line, column };
}

/** Undefined for frames of the kernel and of Node itself. */
function placeOf(frame: NodeJS.CallSite): Place | undefined {
  const script = frame.getFileName();
  if (!script || script.startsWith('node:')) return undefined;
  const [line, column] = [frame.getLineNumber() ?? 1, frame.getColumnNumber() ?? 1];
  const cell = cells.get(script);
  if (cell) {
    cell.map ??= readMap(cell.sourceMap);
    return { script, file: cell.label, ...original(cell.map, line - HEADER_LINES, column) };
  }
  const file = script.startsWith('file:') ? fileURLToPath(script) : script;
  if (file.startsWith(kernelFolder)) return undefined;
  const map = /\.[cm]?tsx?$/.test(file) ? moduleMap(file) : undefined;
  return { script, file, ...original(map, line, column) };
}

/** `    at f (Cell [3]:2:7)` */
function describe(frame: NodeJS.CallSite, { file, line, column }: Place): string {
  const location = `${file}:${line}:${column}`;
  const called = frame.getFunctionName()?.replace(/^__(scope|declare)\./, '');
  const type = frame.getTypeName();
  const owner =
    type && type !== 'Object' && called && !called.includes('.') && frame.isToplevel() !== true
      ? `${type}.`
      : '';
  const prefix = `${frame.isAsync() ? 'async ' : ''}${frame.isConstructor() ? 'new ' : ''}`;
  return `    at ${prefix}${called ? `${owner}${called} (${location})` : location}`;
}

/** Formats the stack of every error that is made on this thread. */
export function installStackTraces(): void {
  Error.prepareStackTrace = (error, frames) => {
    const lines = [headline(error)];
    const places: Place[] = [];
    for (const frame of frames) {
      const place = placeOf(frame);
      if (!place) continue;
      places.push(place);
      lines.push(describe(frame, place));
    }
    placesOfErrors.set(error, places);
    return lines.join('\n');
  };
}

/** The line of a cell's execution that an error comes from; undefined when it comes from elsewhere. */
export function lineInCell(error: unknown, cell: number): number | undefined {
  if (!(error instanceof Error)) return undefined;
  void error.stack; // Read for the first time, it is formatted.
  return placesOfErrors.get(error)?.find(({ script }) => script === cellScript(cell))?.line;
}

function headline(error: Error): string {
  try {
    return String(error);
  } catch {
    return 'Error';
  }
}
