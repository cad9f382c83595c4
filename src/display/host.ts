/**
 * What a notebook kernel may offer to the libraries that run in it. A kernel places a {@link NotebookHost} at
 * `globalThis[Symbol.for('Jupyter.kernel')]`; outside a notebook there is none, and everything here falls back to the terminal.
 */

/** One output in several formats, by MIME type; the front end picks the richest that it can draw. */
export type MimeBundle = Record<string, unknown>;

/** The services of the kernel that runs the notebook. */
export interface NotebookHost {
  /** Shows an output below the running cell; with `update`, replaces the earlier output of the same `id`. */
  display(
    bundle: MimeBundle,
    options?: { id?: string; update?: boolean; metadata?: Record<string, unknown> },
  ): void;
  /** Clears the cell's output; with `wait`, when the next output arrives. */
  clearOutput(wait?: boolean): void;
  /** Aborted when the user interrupts the running cell. */
  interruptSignal(): AbortSignal;
}

/** A method of this name makes a value draw itself in a notebook: `value[displaySymbol](): MimeBundle | Promise<MimeBundle>`. */
export const displaySymbol: unique symbol = Symbol.for('Jupyter.display') as never;

/** The kernel of the notebook that this process runs, or undefined outside a notebook. */
export function notebookHost(): NotebookHost | undefined {
  return (globalThis as { [key: symbol]: NotebookHost | undefined })[Symbol.for('Jupyter.kernel')];
}

/** Aborted when the user interrupts the running cell; undefined outside a notebook. */
export function interruptSignal(): AbortSignal | undefined {
  return notebookHost()?.interruptSignal();
}
