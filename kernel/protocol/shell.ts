/** The queue of cells: counts them, runs them in turn, and reports what became of each. */
import type { CellOutcome, MimeBundle } from '../threads';
import type { History } from './history';
import { text, type Request } from './message';
import type { StreamBuffer } from './output';
import type { Requests } from './requests';
import type { CellRunner } from './runner';
import type { Sockets } from './sockets';

/** After an error, requests that are already on their way are given this long to arrive and be aborted with the queue. */
const ABORT_GRACE_MILLISECONDS = 5;

interface ExecuteOptions {
  readonly code: string;
  readonly silent: boolean;
  readonly storeHistory: boolean;
  readonly stopOnError: boolean;
  readonly expressions: Record<string, string>;
}

interface QueuedRequest {
  readonly request: Request;
  aborted: boolean;
}

export class Shell {
  private readonly queue: QueuedRequest[] = [];
  private running: Request | undefined;
  private count = 0;

  constructor(
    private readonly sockets: Sockets,
    private readonly requests: Requests,
    private readonly output: StreamBuffer,
    private readonly runner: CellRunner,
    private readonly history: History,
  ) {}

  /** Takes an `execute_request`. */
  enqueue(request: Request): void {
    this.queue.push({ request, aborted: false });
    if (!this.running) void this.work();
  }

  private async work(): Promise<void> {
    for (let next = this.queue.shift(); next; next = this.queue.shift()) {
      const { request, aborted } = next;
      this.running = request;
      this.sockets.publish('status', { execution_state: 'busy' }, request.header);
      if (aborted) this.reply(request, { status: 'aborted', execution_count: this.count });
      else await this.execute(request);
      this.output.flush();
      this.sockets.publish('status', { execution_state: 'idle' }, request.header);
    }
    this.running = undefined;
  }

  /**
   * Says again that a cell runs, if one does, after another request has ended: front ends take the status that came last for
   * that of the kernel.
   */
  restateBusy(): void {
    if (this.running) this.sockets.publish('status', { execution_state: 'busy' }, this.running.header);
  }

  private async execute(request: Request): Promise<void> {
    const options = executeOptions(request.content);
    if (options.storeHistory) this.history.add(++this.count, options.code);
    const count = this.count;
    const cell = this.requests.register(request);
    if (!options.silent) {
      this.sockets.publish('execute_input', { code: options.code, execution_count: count }, request.header);
    }
    const outcome = await this.runner.run(cell, `Cell [${count}]`, options.code, options.silent);
    await this.runner.commit(cell, outcome.declared);
    this.output.flush();
    if (outcome.status === 'error') await this.fail(request, outcome, options, count);
    else await this.succeed(request, outcome.result, options, count);
  }

  private async succeed(
    request: Request,
    result: MimeBundle | undefined,
    options: ExecuteOptions,
    count: number,
  ): Promise<void> {
    if (result && !options.silent) {
      this.sockets.publish(
        'execute_result',
        { execution_count: count, data: result, metadata: {} },
        request.header,
      );
      if (options.storeHistory) this.history.setOutput(count, text(result['text/plain']));
    }
    const expressions = await this.evaluate(request, options.expressions);
    this.reply(request, { status: 'ok', execution_count: count, user_expressions: expressions, payload: [] });
  }

  private async fail(
    request: Request,
    outcome: Extract<CellOutcome, { status: 'error' }>,
    options: ExecuteOptions,
    count: number,
  ): Promise<void> {
    const error = errorContent(outcome);
    if (!options.silent) this.sockets.publish('error', error, request.header);
    if (options.stopOnError) {
      await new Promise(resolve => setTimeout(resolve, ABORT_GRACE_MILLISECONDS));
      for (const queued of this.queue) queued.aborted = true;
    }
    this.reply(request, {
      status: 'error',
      execution_count: count,
      ...error,
      user_expressions: {},
      payload: [],
    });
  }

  /** Evaluates the `user_expressions` of a request, each for itself. */
  private async evaluate(
    request: Request,
    expressions: Record<string, string>,
  ): Promise<Record<string, object>> {
    const results: Record<string, object> = {};
    for (const [key, expression] of Object.entries(expressions)) {
      const cell = this.requests.register(request);
      const outcome = await this.runner.run(cell, 'expression', expression, false);
      results[key] =
        outcome.status === 'ok'
          ? { status: 'ok', data: outcome.result ?? { 'text/plain': 'undefined' }, metadata: {} }
          : { status: 'error', ...errorContent(outcome) };
    }
    return results;
  }

  private reply(request: Request, content: object): void {
    this.sockets.reply('shell', request, 'execute_reply', content);
  }
}

function executeOptions(content: Record<string, unknown>): ExecuteOptions {
  const silent = content.silent === true;
  return {
    code: typeof content.code === 'string' ? content.code : '',
    silent,
    storeHistory: !silent && content.store_history !== false,
    stopOnError: content.stop_on_error !== false,
    expressions: (content.user_expressions ?? {}) as Record<string, string>,
  };
}

function errorContent({ name, message, traceback }: Extract<CellOutcome, { status: 'error' }>): object {
  return { ename: name, evalue: message, traceback };
}
