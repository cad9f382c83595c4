/** Where progress is shown: a notebook's output, lines of a terminal that are rewritten, or plain lines of a log. */
import { barLine, type BarState, barTable, plainLine, shareOf } from './bars';
import type { NotebookHost } from './host';

/** A place that shows bars; called as often as a person can follow. */
export interface Surface {
  /** Shows the bars as they are now; `last` after which nothing comes. */
  draw(states: readonly BarState[], last: boolean): void;
}

/** What is needed of standard error. */
export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/** One output of the running cell, replaced with each drawing. */
export function notebookSurface(host: NotebookHost, id: string): Surface {
  let shown = false;
  return {
    draw(states) {
      host.display(
        { 'text/html': barTable(states), 'text/plain': states.map(plainLine).join('\n') },
        { id, update: shown },
      );
      shown = true;
    },
  };
}

/** Lines that are rewritten in place, cut to the width of the terminal so that none wraps, and no more than it has. */
export function terminalSurface(stream: TextStream): Surface {
  let lines = 0;
  return {
    draw(states, last) {
      const labelWidth = Math.max(...states.map(state => state.label.length));
      const width = Math.max(20, (stream.columns || 80) - 1);
      const shown = last ? states : mostUrgent(states, Math.max(2, (stream.rows || 24) - 1));
      const drawn = shown.map(state => barLine(oneLine(state), labelWidth).slice(0, width));
      if (shown.length < states.length)
        drawn.push(`${states.filter(hasEnded).length} of ${states.length} have ended`);
      const up = lines > 1 ? `\u001b[${lines - 1}A` : '';
      // Back to the first line; each line is cleared to its end before it is written.
      stream.write(
        `${lines > 0 ? `\r${up}` : ''}${drawn.map(line => `\u001b[2K${line}`).join('\n')}${last ? '\n' : ''}`,
      );
      lines = drawn.length;
    },
  };
}

const hasEnded = (state: BarState) => state.finished;

/** All bars if there are lines for them, else one less than that, in their order: those at work, then those that wait. */
function mostUrgent(states: readonly BarState[], lines: number): readonly BarState[] {
  if (states.length <= lines) return states;
  const rank = (state: BarState) => (hasEnded(state) ? 2 : state.seconds > 0 ? 0 : 1);
  const urgent = new Set([...states].sort((a, b) => rank(a) - rank(b)).slice(0, lines - 1));
  return states.filter(state => urgent.has(state));
}

/** A line a bar whenever a tenth of it is done, and when it ends: for log files and pipes. */
export function logSurface(stream: TextStream): Surface {
  const written: (number | 'end')[] = [];
  return {
    draw(states, last) {
      states.forEach((state, i) => {
        const tenths = state.finished || last ? 'end' : Math.floor(10 * shareOf(state));
        if (written[i] === tenths || (written[i] === undefined && tenths === 0)) return;
        if (written[i] === 'end') return;
        written[i] = tenths;
        stream.write(`${plainLine(oneLine(state))}\n`);
      });
    },
  };
}

/** Line breaks would spoil a line that is rewritten, control characters the terminal. */
function oneLine(state: BarState): BarState {
  // eslint-disable-next-line no-control-regex -- that is what is removed
  const clean = (text: string) => text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
  return { ...state, label: clean(state.label), note: clean(state.note) };
}
