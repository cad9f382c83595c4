/**
 * How an interrupt travels. The front asks the main thread to drop the cell; a cell that awaits something lets the
 * question through and is dropped at once. No answer means that synchronous code holds the thread: the inspector
 * terminates it (state stays), and the question is asked again. A child process that the thread waits for gets a signal:
 * SIGINT, and a stronger one with each further interrupt.
 *
 * The front answers the client, not the main thread: the termination also removes the frames of the kernel's own code.
 */
import inspector from 'node:inspector';
import type { MessagePort } from 'node:worker_threads';
import type { CellNumber, ToMain } from '../threads';
import { signalChildren } from './children';

/** How long the main thread may take to answer before its code is terminated. */
const PATIENCE_MILLISECONDS = 150;
/** From this attempt on, child processes are signalled too. */
const SIGNAL_CHILDREN_FROM = 1;
/** After so many attempts the client gets its answer, though native code may still hold the thread. */
const ANSWER_AFTER = 2;
const MAXIMUM_ATTEMPTS = 2_000;
/** What child processes get at the first interrupt, at a second one while the first is under way, and from then on. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGKILL'] as const;

export class Interrupter {
  private readonly inspector = new inspector.Session();
  private readonly stopped = new Set<CellNumber>();
  private acknowledged: (() => void) | undefined;
  private stopping: Promise<void> | undefined;
  /** How many further interrupts have come while one was under way. */
  private repeats = 0;

  constructor(private readonly main: MessagePort) {
    this.inspector.connectToMainThread();
  }

  /** Whether the cell was interrupted; what it still prints is not shown. */
  isStopped(cell: CellNumber | undefined): boolean {
    return cell !== undefined && this.stopped.has(cell);
  }

  /** Resolves when no interrupt is under way: code that runs during a termination would be hit by it. */
  async settled(): Promise<void> {
    await this.stopping;
  }

  /** The main thread has dropped the cell. */
  acknowledge(): void {
    this.acknowledged?.();
  }

  /**
   * Stops a cell (or, without one, everything that earlier cells left behind) and calls `finish` as soon as the client
   * may have its answer. While it is under way, each further interrupt is stronger.
   */
  async interrupt(cell: CellNumber | undefined, finish: () => void): Promise<void> {
    if (this.stopping) return this.strengthen();
    if (cell !== undefined) this.stopped.add(cell);
    this.repeats = 0;
    const answered = new Promise<void>(resolve => {
      this.stopping = this.stop(cell, () => (finish(), resolve())).finally(() => (this.stopping = undefined));
    });
    await answered;
  }

  /** Signals the child processes at once, and more strongly than before, when an interrupt is under way. */
  strengthen(): void {
    if (!this.stopping) return;
    this.repeats++;
    this.signal();
  }

  private signal(): void {
    signalChildren(SIGNALS[Math.min(this.repeats, SIGNALS.length - 1)]);
  }

  private async stop(cell: CellNumber | undefined, finish: () => void): Promise<void> {
    for (let attempt = 0; attempt < MAXIMUM_ATTEMPTS; attempt++) {
      if (await this.ask(cell)) break;
      if (attempt >= SIGNAL_CHILDREN_FROM) this.signal();
      if (attempt >= ANSWER_AFTER) finish();
      await this.terminate();
    }
    finish();
  }

  /** Whether the main thread answers within the patience. */
  private ask(cell: CellNumber | undefined): Promise<boolean> {
    this.main.postMessage({ type: 'interrupt', cell } satisfies ToMain);
    return new Promise(resolve => {
      const timer = setTimeout(() => resolve(false), PATIENCE_MILLISECONDS);
      this.acknowledged = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  private terminate(): Promise<void> {
    return new Promise(resolve => {
      this.inspector.post('Runtime.terminateExecution', () => resolve());
      setTimeout(resolve, PATIENCE_MILLISECONDS);
    });
  }
}
