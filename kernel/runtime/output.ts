/** What the code of cells prints, sent to the front instead of the process's own streams. */
import { StringDecoder } from 'node:string_decoder';
import { countSent } from '../shared';
import type { FromMain } from '../threads';
import { currentCell } from './cell';

type Send = (message: FromMain) => void;

/** Sends the text of `process.stdout` and `process.stderr`, and with them of `console`, through `send`. */
export function installOutput(send: Send, memory: SharedArrayBuffer): void {
  for (const name of ['stdout', 'stderr'] as const) {
    // A character may be cut by the end of a chunk.
    const decoder = new StringDecoder();
    process[name].write = (chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
      writeText(send, memory, name, typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk)));
      const done = typeof encoding === 'function' ? encoding : callback;
      if (typeof done === 'function') process.nextTick(done);
      return true;
    };
  }
}

function writeText(send: Send, memory: SharedArrayBuffer, name: 'stdout' | 'stderr', text: string): void {
  if (text === '') return;
  send({ type: 'stream', cell: currentCell()?.number, name, text });
  countSent(memory);
}
