/** Runs cells one at a time: compiled by the language thread, run by the main thread, stopped by {@link Interrupter}. */
import type { MessagePort } from 'node:worker_threads';
import { red } from '../colors';
import type { CellNumber, CellOutcome, FromMain, ToMain } from '../threads';
import type { LanguageClient } from './language';
import { Interrupter } from './interrupt';

type Failure = Extract<CellOutcome, { status: 'error' }>;

/** A cell between its start and its outcome. */
export interface RunningCell {
  readonly cell: CellNumber;
  /** No code of it has been run yet: it is being compiled, or waits until an earlier cell has stopped. */
  compiling: boolean;
  /** Interrupted before any code of it was run, which then never is. */
  interrupted: boolean;
  /** Ends the run, whatever the main thread does. */
  finish(outcome: CellOutcome): void;
}

/** The outcome of a cell that was stopped. */
const interruptedOutcome: Failure = {
  status: 'error',
  name: 'KeyboardInterrupt',
  message: 'the cell was interrupted',
  traceback: [`${red('KeyboardInterrupt')}: the cell was interrupted`],
  declared: [],
};

export class CellRunner {
  private running: RunningCell | undefined;
  private readonly interrupter: Interrupter;

  constructor(
    private readonly main: MessagePort,
    private readonly language: LanguageClient,
  ) {
    this.interrupter = new Interrupter(main);
  }

  /** Compiles and runs a cell; with `quiet`, its result is not asked for. Never rejects for what the cell does. */
  async run(cell: CellNumber, label: string, code: string, quiet: boolean): Promise<CellOutcome> {
    const { promise, running } = newRun(cell);
    this.running = running;
    this.start(running, label, code, quiet).catch((error: unknown) => running.finish(compilerFailure(error)));
    const outcome = await promise;
    this.running = undefined;
    return outcome;
  }

  private async start(running: RunningCell, label: string, code: string, quiet: boolean): Promise<void> {
    const { cell } = running;
    // Before it is compiled: an earlier cell that is being stopped has yet to say which names it has declared.
    await this.interrupter.settled();
    if (running.interrupted) return;
    const result = await this.language.ask('compile', { cell, code, label });
    if (running.interrupted) return;
    if ('error' in result) return running.finish({ status: 'error', declared: [], ...result.error });
    running.compiling = false;
    this.send({ type: 'run', cell, label, code, quiet, ...result.compiled });
  }

  /** Stops the running cell, or, when none runs, what earlier cells left behind. Resolves when the cell has ended. */
  async interrupt(): Promise<void> {
    const { running } = this;
    if (!running?.compiling)
      return this.interrupter.interrupt(running?.cell, () => running?.finish(interruptedOutcome));
    running.interrupted = true;
    running.finish(interruptedOutcome);
    // It may be waiting for an earlier cell that is hard to stop.
    this.interrupter.strengthen();
  }

  /** Takes the messages of the main thread that concern runs. */
  receive(message: Extract<FromMain, { type: 'done' | 'interrupted' }>): void {
    if (message.type === 'interrupted') {
      void this.commit(message.cell, message.declared);
      this.interrupter.acknowledge();
    } else if (message.cell === this.running?.cell) {
      this.running.finish(message.outcome);
    }
  }

  /** Ends the running cell with an error, for example because the process is about to end. */
  abandon(name: string, message: string): void {
    this.running?.finish({
      status: 'error',
      name,
      message,
      traceback: [`${name}: ${message}`],
      declared: [],
    });
  }

  /** Whether output of the cell is still wanted: not once it was interrupted. */
  isStopped(cell: CellNumber | undefined): boolean {
    return this.interrupter.isStopped(cell);
  }

  /** Makes the names that a cell declared visible to later ones. */
  async commit(cell: CellNumber | undefined, declared: string[]): Promise<void> {
    if (cell !== undefined) await this.language.ask('commit', { cell, declared });
  }

  private send(message: ToMain): void {
    this.main.postMessage(message);
  }
}

function newRun(cell: CellNumber): { promise: Promise<CellOutcome>; running: RunningCell } {
  let finish!: (outcome: CellOutcome) => void;
  const promise = new Promise<CellOutcome>(resolve => (finish = resolve));
  return { promise, running: { cell, compiling: true, interrupted: false, finish } };
}

function compilerFailure(error: unknown): Failure {
  const message = `the TypeScript compiler failed on this cell: ${error instanceof Error ? error.message : String(error)}`;
  return {
    status: 'error',
    name: 'InternalError',
    message,
    traceback: [`InternalError: ${message}`],
    declared: [],
  };
}
