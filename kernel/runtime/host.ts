/** The services of the kernel for code in cells: `globalThis[Symbol.for('Jupyter.kernel')]`. */
import { randomUUID } from 'node:crypto';
import { bundleOf, isPromise } from '../display/bundle';
import type { Comms, DisplayOptions } from '../display/tslab';
import { expectAnswer, waitForAnswer } from '../shared';
import type { FromMain, MimeBundle } from '../threads';
import { currentCell, enterCell } from './cell';
import { asJson, bundleAsJson } from './json';

/** What a library may rely on; found at `globalThis[Symbol.for('Jupyter.kernel')]`. */
export interface NotebookHost {
  /** Shows an output below the running cell; with `update`, replaces the earlier output of the same `id`. */
  display(bundle: MimeBundle, options?: DisplayOptions): void;
  /** Clears the cell's output; with `wait`, when the next output arrives. */
  clearOutput(wait?: boolean): void;
  /** Aborted when the user interrupts the running cell. */
  interruptSignal(): AbortSignal;
}

/** What the kernel's own `tslab` module uses besides. */
export interface KernelHost extends NotebookHost {
  /** Displays any value in the formats that suit it; the cell ends when it is drawn. */
  show(value: unknown, options?: DisplayOptions): void;
  readonly comms: Comms;
  /** Asks the user for a line of text. */
  prompt(message: string, password?: boolean): string;
}

/** Creates the host that talks to the front through `send`. */
export function createHost(
  send: (message: FromMain) => void,
  memory: SharedArrayBuffer,
  comms: Comms,
): KernelHost {
  const display: KernelHost['display'] = (data, { id, update = false, metadata = {} } = {}) => {
    send({
      type: 'display',
      cell: currentCell()?.number,
      data: bundleAsJson(data),
      metadata: asJson(metadata, 'The metadata of the output') as Record<string, unknown>,
      id: id ?? (update ? randomUUID() : undefined),
      update,
    });
  };
  return {
    display,
    comms,
    clearOutput: (wait = false) => send({ type: 'clear', cell: currentCell()?.number, wait }),
    interruptSignal: () => currentCell()?.signal ?? new AbortController().signal,
    show(value, options) {
      const bundle = bundleOf(value);
      if (!isPromise(bundle)) return display(bundle, options);
      const cell = currentCell();
      const shown = bundle.then(drawn => {
        enterCell(cell);
        display(drawn, options);
      });
      cell?.displays.add(shown);
      void shown.finally(() => cell?.displays.delete(shown));
    },
    prompt(message, password = false) {
      expectAnswer(memory);
      send({ type: 'input', cell: currentCell()?.number, prompt: String(message), password });
      const text = waitForAnswer(memory);
      if (text === undefined) {
        throw new Error('prompt() needs a front end that can ask the user; this one does not allow input.');
      }
      return text;
    },
  };
}
