/**
 * The messages between the kernel's three threads, and what each worker is started with.
 *
 *     main      user code, nothing else              runtime/
 *     front     sockets, queue, history, interrupts  protocol/
 *     language  the TypeScript compiler              cells/
 */
import type { MessagePort } from 'node:worker_threads';
import type { CompiledCell, CompileResult } from './cells/compile';

/** One output in several formats, by MIME type. */
export type MimeBundle = Record<string, unknown>;

/** Number of one execution in this process: each run of a cell gets a new one (unlike the prompt number In [3]). */
export type CellNumber = number;

/** What the front asks the main thread. */
export type ToMain =
  | ({ type: 'run'; cell: CellNumber; label: string; code: string; quiet: boolean } & CompiledCell)
  | { type: 'interrupt'; cell: CellNumber | undefined }
  | {
      type: 'comm';
      cell: CellNumber;
      event: 'open' | 'message' | 'close';
      id: string;
      target: string;
      data: unknown;
    }
  | { type: 'exit' };

/** How the run of a cell ended. `declared` are the names that it reached. */
export type CellOutcome =
  | { status: 'ok'; result?: MimeBundle; declared: string[] }
  | { status: 'error'; name: string; message: string; traceback: string[]; declared: string[] };

/** What the main thread tells the front; `cell` is the execution that caused it, where one did. */
export type FromMain =
  | { type: 'stream'; cell?: CellNumber; name: 'stdout' | 'stderr'; text: string }
  | {
      type: 'display';
      cell?: CellNumber;
      data: MimeBundle;
      metadata: Record<string, unknown>;
      id?: string;
      update: boolean;
    }
  | { type: 'clear'; cell?: CellNumber; wait: boolean }
  | { type: 'input'; cell?: CellNumber; prompt: string; password: boolean }
  | {
      type: 'comm';
      cell?: CellNumber;
      event: 'open' | 'message' | 'close';
      id: string;
      target: string;
      data: unknown;
    }
  | { type: 'comm target'; name: string; registered: boolean }
  | { type: 'handled'; cell: CellNumber }
  | { type: 'done'; cell: CellNumber; outcome: CellOutcome }
  | { type: 'interrupted'; cell: CellNumber | undefined; declared: string[] }
  | { type: 'signal' }
  | { type: 'exiting'; cell?: CellNumber; code: number };

/** Text to be completed or inspected, with a position counted in code points, as the protocol has it. */
export interface CodePosition {
  readonly code: string;
  readonly cursor: number;
}

/** What the front asks the language thread: argument and answer of each operation. */
export interface LanguageOperations {
  compile: { ask: { cell: CellNumber; code: string; label: string }; answer: CompileResult };
  commit: { ask: { cell: CellNumber; declared: string[] }; answer: null };
  complete: { ask: CodePosition; answer: Record<string, unknown> };
  inspect: { ask: CodePosition & { detail: number }; answer: Record<string, unknown> };
  isComplete: { ask: { code: string }; answer: Record<string, unknown> };
}

/** A request to the language thread. */
export type LanguageRequest = {
  [Name in keyof LanguageOperations]: { id: number; operation: Name; ask: LanguageOperations[Name]['ask'] };
}[keyof LanguageOperations];

/** Its answer, or the message of the error that the compiler threw. */
export type LanguageAnswer = { id: number; answer: unknown } | { id: number; failure: string };

/** What the front worker is started with. */
export interface FrontData {
  readonly entry: string;
  readonly connectionFile: string;
  readonly language: MessagePort;
  readonly shared: SharedArrayBuffer;
}

/** What the language worker is started with. */
export interface LanguageData {
  readonly entry: string;
  readonly folder: string;
  readonly front: MessagePort;
}
