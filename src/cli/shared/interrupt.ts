/** Control-C: the first one lets a command save what it has, a second one ends it at once. */
import { say } from './output';

/** Exit status of an interrupted program: 128 and the number of SIGINT. */
export const interruptedStatus = 130;

/** Runs `work` with a signal that is aborted by SIGINT and SIGTERM. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(interruptedStatus);
    say('Interrupted: saving. Once more to stop at once.');
    controller.abort();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, interrupt);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}
