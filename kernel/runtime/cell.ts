/**
 * The cells that have run in this process, and the one that code belongs to now.
 *
 * "Now" is a plain variable, carried by hand across awaits and timers. AsyncLocalStorage would do this by itself, but it
 * switches promise hooks on, and with them a termination inside a microtask aborts the process (Node 20).
 */
import { setMaxListeners } from 'node:events';
import type { CellNumber } from '../threads';

export class Cell {
  /** Set by an interrupt: nothing of this cell is resumed any more. */
  stopped = false;
  /** Timers that have yet to fire. */
  readonly timers = new Set<object>();
  /** Names that the cell has declared so far. */
  readonly declared = new Set<string>();
  /** Displays whose values are still being drawn; the cell ends after them. */
  readonly displays = new Set<Promise<unknown>>();
  private controller: AbortController | undefined;

  constructor(
    readonly number: CellNumber,
    /** How the user knows the cell, for example "Cell [3]". */
    readonly label: string,
    readonly code: string,
  ) {}

  /** Aborted when the cell is interrupted. */
  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      setMaxListeners(0, this.controller.signal); // any number of things may wait at the same time
    }
    return this.controller.signal;
  }

  /** Lets everything that waits on the signal know. */
  abort(): void {
    this.controller?.abort(new DOMException('The cell was interrupted', 'AbortError'));
  }
}

let current: Cell | undefined;

/** The cell that the running code belongs to, as far as known. */
export const currentCell = (): Cell | undefined => current;

/** Says which cell the code that runs from here on belongs to. */
export function enterCell(cell: Cell | undefined): void {
  current = cell;
}
