/** The type checker's complaints as a cell's error: where, what, and the line with a mark under it. */
import path from 'node:path';
import ts from 'typescript';
import { red } from '../colors';

/** An error that kept a cell from being run. */
export interface CompileError {
  readonly name: 'SyntaxError' | 'TypeCheckError';
  readonly message: string;
  readonly traceback: string[];
}

const MAXIMUM_SHOWN = 10;

/** @param label how the cell is called, for example "Cell [3]". */
export function compileError(
  diagnostics: readonly ts.Diagnostic[],
  code: string,
  label: string,
  folder: string,
): CompileError {
  const first = diagnostics[0];
  const isSyntax = diagnostics.every(({ code: number }) => number < 2000);
  const name = isSyntax ? 'SyntaxError' : 'TypeCheckError';
  const shown = diagnostics
    .slice(0, MAXIMUM_SHOWN)
    .flatMap(diagnostic => describe(diagnostic, code, label, folder));
  const hidden = diagnostics.length - MAXIMUM_SHOWN;
  if (hidden > 0) shown.push(`... and ${hidden} more`);
  return { name, message: headline(first, code, label, folder), traceback: [`${red(name)}:`, ...shown] };
}

function describe(diagnostic: ts.Diagnostic, code: string, label: string, folder: string): string[] {
  const lines = [headline(diagnostic, code, label, folder)];
  if (diagnostic.file && isCellFile(diagnostic.file)) lines.push(...excerpt(diagnostic, code));
  return lines;
}

/** `Cell [3]:2:7 - error TS2322: Type 'string' is not assignable to type 'number'.` */
function headline(diagnostic: ts.Diagnostic, code: string, label: string, folder: string): string {
  const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
  return `${place(diagnostic, code, label, folder)} - error TS${diagnostic.code}: ${message}`;
}

function place({ file, start }: ts.Diagnostic, code: string, label: string, folder: string): string {
  if (!file || start === undefined) return label;
  const inCell = isCellFile(file);
  const { line, character } = file.getLineAndCharacterOfPosition(
    inCell ? Math.min(start, code.length) : start,
  );
  return `${inCell ? label : path.relative(folder, file.fileName)}:${line + 1}:${character + 1}`;
}

function excerpt({ file, start, length }: ts.Diagnostic, code: string): string[] {
  const from = Math.min(start ?? 0, code.length);
  const { line, character } = file!.getLineAndCharacterOfPosition(from);
  const text = code.split('\n')[line] ?? '';
  const width = Math.max(1, Math.min(length ?? 1, text.length - character));
  return [`    ${text}`, `    ${' '.repeat(character)}${red('~'.repeat(width))}`];
}

function isCellFile(file: ts.SourceFile): boolean {
  return /__cell(_\d+)?\.ts$/.test(file.fileName);
}
