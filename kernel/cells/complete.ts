/** Completion of code at a position, best matches first. */
import ts from 'typescript';
import type { CodePosition } from '../threads';
import type { CellCompiler } from './compile';
import { toCodePoints, toOffset } from './positions';
import { parseCell, withoutAlias } from './scope';

const MAXIMUM_MATCHES = 500;
/** How many matches get their type and documentation: each costs a question to the checker. */
const MAXIMUM_DETAILED = 25;

const IDENTIFIER_BEFORE = /[\p{ID_Continue}$]*$/u;
const IDENTIFIER_AFTER = /^[\p{ID_Continue}$]*/u;

/** Answers a `complete_request`. */
export function complete(compiler: CellCompiler, { code, cursor }: CodePosition): Record<string, unknown> {
  const { service } = compiler;
  const offset = toOffset(code, cursor);
  service.update(compiler.scope.moduleText(parseCell(code), 'all'));
  const info = service.service.getCompletionsAtPosition(service.current, offset, {
    includeCompletionsWithInsertText: false,
  });
  const span = info?.optionalReplacementSpan ?? identifierAt(code, offset);
  const [start, end] = [toCodePoints(code, span.start), toCodePoints(code, span.start + span.length)];
  const typed = code.slice(span.start, offset);
  const entries = ranked(info?.entries ?? [], typed).slice(0, MAXIMUM_MATCHES);
  const types = entries.map((entry, index) => ({
    text: entry.name,
    type: entry.kind,
    start,
    end,
    ...(index < MAXIMUM_DETAILED ? details(compiler, offset, entry) : {}),
  }));
  return {
    matches: entries.map(({ name }) => name),
    cursor_start: start,
    cursor_end: end,
    metadata: { _jupyter_types_experimental: types },
  };
}

function identifierAt(code: string, offset: number): ts.TextSpan {
  const before = IDENTIFIER_BEFORE.exec(code.slice(0, offset))![0].length;
  const after = IDENTIFIER_AFTER.exec(code.slice(offset))![0].length;
  return { start: offset - before, length: before + after };
}

/** Entries that begin with what was typed first, then without regard to case, then those that contain it. */
function ranked(entries: readonly ts.CompletionEntry[], typed: string): ts.CompletionEntry[] {
  const lower = typed.toLowerCase();
  const rank = ({ name }: ts.CompletionEntry) => {
    if (name.startsWith(typed)) return 0;
    if (name.toLowerCase().startsWith(lower)) return 1;
    return name.toLowerCase().includes(lower) ? 2 : 3;
  };
  return entries
    .filter(entry => rank(entry) < 3 && !isInternal(entry.name))
    .sort(
      (a, b) => rank(a) - rank(b) || a.sortText.localeCompare(b.sortText) || a.name.localeCompare(b.name),
    );
}

const isInternal = (name: string) => /^__(cell|scope|declare|await|iterate)/.test(name);

function details({ service }: CellCompiler, offset: number, { name, source }: ts.CompletionEntry): object {
  const found = service.service.getCompletionEntryDetails(
    service.current,
    offset,
    name,
    undefined,
    source,
    undefined,
    undefined,
  );
  if (!found) return {};
  const signature = withoutAlias(ts.displayPartsToString(found.displayParts));
  const kind = found.kind === ts.ScriptElementKind.alias ? { type: /^\w+/.exec(signature)?.[0] } : {};
  return { ...kind, signature, documentation: ts.displayPartsToString(found.documentation) };
}
