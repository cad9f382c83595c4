/**
 * The module that cells import as "tslab". `versions`, `newDisplay` and `display` with its methods are the API of tslab
 * 1.0 (https://github.com/yunabe/tslab, Apache-2.0), so that its notebooks run unchanged; the rest is this kernel's.
 */
import { version as typescriptVersion } from 'typescript/package.json';
import { version } from '../../package.json';

/** One output in several formats, by MIME type. */
export type MimeBundle = Record<string, unknown>;

/** How an output is shown. */
export interface DisplayOptions {
  /** The name under which the output can be replaced later. */
  id?: string;
  /** Replaces the earlier outputs of the same `id` in place of adding one. */
  update?: boolean;
  metadata?: Record<string, unknown>;
}

/** An open channel to a widget in the front end. */
export interface Comm {
  readonly id: string;
  readonly target: string;
  /** Sends data that can be written as JSON. */
  send(data: unknown): void;
  close(data?: unknown): void;
  /** Called with the data of each message from the front end. */
  onMessage?: (data: unknown) => void;
  /** Called when the front end closes the channel. */
  onClose?: (data: unknown) => void;
}

/** The comms of this kernel. */
export interface Comms {
  /** Opens a channel to the front end's handler of a target. */
  open(target: string, data?: unknown): Comm;
  /** Handles the channels that the front end opens to a target; returns the function that ceases to. */
  register(target: string, onOpen: (comm: Comm, data: unknown) => void): () => void;
}

/** The part of the kernel (runtime/host.ts) that this module needs. */
interface Kernel {
  display(bundle: MimeBundle, options?: DisplayOptions): void;
  show(value: unknown, options?: DisplayOptions): void;
  clearOutput(wait?: boolean): void;
  interruptSignal(): AbortSignal;
  readonly comms: Comms;
}

function kernel(): Kernel {
  const found = (globalThis as { [key: symbol]: Kernel | undefined })[Symbol.for('Jupyter.kernel')];
  if (!found)
    throw new Error('The module "tslab" works inside a notebook only: no kernel runs in this process.');
  return found;
}

/** Channels to widgets in the front end. */
export const comms: Comms = {
  open: (target, data) => kernel().comms.open(target, data),
  register: (target, onOpen) => kernel().comms.register(target, onOpen),
};

/** The versions of the kernel and of what it stands on. */
export const versions = { tslab: version, typescript: typescriptVersion, node: process.version };

/** Shows contents in one format each. */
export interface Display {
  javascript(code: string): void;
  html(html: string): void;
  markdown(text: string): void;
  latex(text: string): void;
  svg(svg: string): void;
  png(bytes: Uint8Array): void;
  jpeg(bytes: Uint8Array): void;
  gif(bytes: Uint8Array): void;
  pdf(bytes: Uint8Array): void;
  text(text: string): void;
  /** Shows contents of any MIME type; bytes are sent as base64. */
  raw(contentType: string, contents: string | Uint8Array): void;
}

/** {@link Display}, and a function for any value or bundle of formats. */
export interface AnyDisplay extends Display {
  /** Displays a value in the formats that suit it, as the last expression of a cell would; the cell ends when it is drawn. */
  (value: unknown, options?: DisplayOptions): void;
  /** Displays one output in several formats. */
  bundle(bundle: MimeBundle, options?: DisplayOptions): void;
}

function methods(options: () => DisplayOptions): Display {
  const raw = (contentType: string, contents: string | Uint8Array) => {
    const data = typeof contents === 'string' ? contents : Buffer.from(contents).toString('base64');
    kernel().display({ [contentType]: data }, options());
  };
  return {
    javascript: code => raw('text/javascript', code),
    html: html => raw('text/html', html),
    markdown: text => raw('text/markdown', text),
    latex: text => raw('text/latex', text),
    svg: svg => raw('image/svg+xml', svg),
    png: bytes => raw('image/png', bytes),
    jpeg: bytes => raw('image/jpeg', bytes),
    gif: bytes => raw('image/gif', bytes),
    pdf: bytes => raw('application/pdf', bytes),
    text: text => raw('text/plain', text),
    raw,
  };
}

/** Creates a display whose output is one place: each call replaces the one before. */
export function newDisplay(): Display {
  const id = `tslab-${Math.random().toString(36).slice(2)}`;
  let update = false;
  return methods(() => {
    const options = { id, update };
    update = true;
    return options;
  });
}

/** Shows contents below the running cell. */
export const display: AnyDisplay = Object.assign(
  (value: unknown, options?: DisplayOptions) => kernel().show(value, options),
  methods(() => ({})),
  { bundle: (bundle: MimeBundle, options?: DisplayOptions) => kernel().display(bundle, options) },
);

/** Clears the output of the running cell; with `wait`, when the next output arrives. */
export function clearOutput(wait = false): void {
  kernel().clearOutput(wait);
}

/** Aborted when the user interrupts the running cell: to be handed to whatever can be stopped. */
export function interruptSignal(): AbortSignal {
  return kernel().interruptSignal();
}
