/** Whether a console should run what was typed or ask for another line. */
import ts from 'typescript';

const INDENT = '  ';
/** Errors that more text can mend wherever they are: an unterminated template literal or comment. */
const UNTERMINATED = [1160, 1010];
/** An unterminated string, which ends with its line. */
const CUT_STRING = 1002;

/** The errors of the text alone, which TypeScript keeps on the file. */
function syntaxErrors(code: string): readonly ts.DiagnosticWithLocation[] {
  const file = ts.createSourceFile('cell.ts', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  return (file as unknown as { parseDiagnostics: ts.DiagnosticWithLocation[] }).parseDiagnostics;
}

/** The indent of the next line: that of the last one, and one step more after an opening bracket. */
function nextIndent(code: string): string {
  const last = code.split('\n').at(-1) ?? '';
  const current = /^\s*/.exec(last)![0];
  return /[{([]\s*$|=>\s*$/.test(last) ? current + INDENT : current;
}

/** Answers an `is_complete_request`. */
export function isComplete(code: string): Record<string, unknown> {
  const errors = syntaxErrors(code);
  if (errors.length === 0) return { status: 'complete' };
  const end = code.trimEnd().length;
  const canBeMended = errors.every(
    ({ code: number, start }) => UNTERMINATED.includes(number) || (start >= end && number !== CUT_STRING),
  );
  return canBeMended ? { status: 'incomplete', indent: nextIndent(code) } : { status: 'invalid' };
}
