/**
 * Progress of long work: a bar with count, speed and time left, where the reader is: below the notebook's cell, on the
 * terminal's standard error, or as plain lines in a log. It never throws, and never keeps the process alive.
 */
import { randomUUID } from 'node:crypto';
import type { BarState } from './bars';
import { notebookHost } from './host';
import { logSurface, notebookSurface, type Surface, terminalSurface, type TextStream } from './surfaces';

/** One piece of work. */
export interface ProgressOptions {
  /** What is done: "training". */
  readonly label: string;
  /** How much there is to do, in `unit`. */
  readonly total: number;
  /** What is counted, in the plural: "steps". Default: nothing. */
  readonly unit?: string;
}

/** Follows one piece of work. */
export interface Progress {
  /** Says how much is done by now, NaN for as much as before; call it as often as you like. `note` stays until the next one. */
  update(done: number, details?: { readonly note?: string }): void;
  /** Leaves the final line. Only the first call counts. */
  finish(): void;
}

/** Follows several pieces of work that go on at the same time, one row each. */
export interface ProgressTable {
  /** Follows the row of this index. Its time counts from the first number that it is told. */
  readonly rows: readonly Progress[];
  /** Finishes all rows and leaves the final lines. */
  finish(): void;
}

/** For tests: what stands in for the process's own. */
export interface ProgressEnvironment {
  readonly stream?: TextStream;
  /** Milliseconds. */
  readonly now?: () => number;
}

/** Milliseconds between drawings: ten a second. */
const interval = 100;

/**
 * A bar for one piece of work.
 *
 * @example
 * const progress = createProgress({ label: 'training', total: steps, unit: 'steps' });
 * for (let step = 1; step <= steps; step++) progress.update(step, { note: `loss ${loss.toFixed(3)}` });
 * progress.finish();
 */
export function createProgress(options: ProgressOptions, environment?: ProgressEnvironment): Progress {
  const table = createProgressTable([options], environment);
  return {
    update: (done, details) => table.rows[0].update(done, details),
    finish: () => table.finish(),
  };
}

/** A table of bars, a row each: for work on parallel workers. */
export function createProgressTable(
  rows: readonly ProgressOptions[],
  { stream = process.stderr, now = () => performance.now() }: ProgressEnvironment = {},
): ProgressTable {
  const surface = chooseSurface(stream);
  const bars = rows.map(row => createBar(row, now));
  let drawnAt = -Infinity;
  let over = false;
  const draw = (atOnce: boolean) => {
    if (over || rows.length === 0 || (!atOnce && now() - drawnAt < interval)) return;
    drawnAt = now();
    quietly(() =>
      surface.draw(
        bars.map(bar => bar.state()),
        false,
      ),
    );
  };
  return {
    rows: bars.map(bar => ({
      update(done, details) {
        bar.update(done, details?.note);
        draw(false);
      },
      finish() {
        bar.finish();
        draw(true);
      },
    })),
    finish() {
      if (over || rows.length === 0) return;
      over = true;
      for (const bar of bars) bar.finish();
      quietly(() =>
        surface.draw(
          bars.map(bar => bar.state()),
          true,
        ),
      );
    },
  };
}

function chooseSurface(stream: TextStream): Surface {
  const host = notebookHost();
  if (host) return notebookSurface(host, `progress-${randomUUID()}`);
  return stream.isTTY ? terminalSurface(stream) : logSurface(stream);
}

/** What is known of one piece of work. */
function createBar({ label, total, unit = '' }: ProgressOptions, now: () => number) {
  let start: number | undefined;
  let end: number | undefined;
  let doneAtStart = 0;
  let done = 0;
  let note = '';
  return {
    update(count: number, newNote?: string) {
      note = newNote ?? note;
      if (!Number.isFinite(count)) return;
      if (start === undefined) {
        start = now();
        doneAtStart = count;
      }
      done = count;
    },
    finish: () => (end ??= now()),
    state: (): BarState => ({
      label,
      total,
      unit,
      done,
      note,
      seconds: start === undefined ? 0 : ((end ?? now()) - start) / 1000,
      doneAtStart,
      finished: end !== undefined,
    }),
  };
}

/** Work must not end because its progress can't be shown: a closed pipe, a kernel that is gone. */
function quietly(draw: () => void): void {
  try {
    draw();
  } catch {
    // Nobody to tell.
  }
}
