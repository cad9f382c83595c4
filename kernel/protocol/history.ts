/** The inputs of this session, as history requests ask for them. */
import { text } from './message';

interface Entry {
  readonly line: number;
  readonly input: string;
  output: string | null;
}

type HistoryTuple = [session: number, line: number, input: string | [string, string | null]];

const SESSION = 1;
const DEFAULT_COUNT = 1_000;

/** `*` and `?` as in a file name, everything else as it is. */
function globPattern(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}

function withoutRepeats(entries: Entry[]): Entry[] {
  const newest = new Map(entries.map(entry => [entry.input, entry]));
  return entries.filter(entry => newest.get(entry.input) === entry);
}

function lastOf(entries: Entry[], count: number): Entry[] {
  return count > 0 ? entries.slice(-count) : [];
}

export class History {
  private readonly entries: Entry[] = [];

  add(line: number, input: string): void {
    this.entries.push({ line, input, output: null });
  }

  /** Remembers the plain text of a cell's result. */
  setOutput(line: number, output: string): void {
    const entry = this.entries.findLast(candidate => candidate.line === line);
    if (entry) entry.output = output;
  }

  /** Answers a `history_request`. */
  request(content: Record<string, unknown>): HistoryTuple[] {
    return this.select(content).map(({ line, input, output }) => [
      SESSION,
      line,
      content.output ? [input, output] : input,
    ]);
  }

  private select({
    hist_access_type: access,
    n,
    start,
    stop,
    pattern,
    unique,
    session,
  }: Record<string, unknown>): Entry[] {
    const newest = (entries: Entry[]) => lastOf(entries, typeof n === 'number' ? n : DEFAULT_COUNT);
    if (access === 'range') {
      // Session 0 is this one; earlier sessions are not kept.
      if (session !== undefined && session !== 0 && session !== SESSION) return [];
      const from = Number(start ?? 0);
      const to = typeof stop === 'number' ? stop : Infinity;
      return this.entries.filter(({ line }) => line >= from && line < to);
    }
    if (access === 'search') {
      const matches = this.entries.filter(({ input }) => globPattern(text(pattern) || '*').test(input));
      return newest(unique ? withoutRepeats(matches) : matches);
    }
    return newest(this.entries);
  }
}
