/**
 * The front thread: everything that speaks Jupyter. User code never runs here, so heartbeat, control, completion and
 * interrupts are answered while a cell computes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { answer, countReceived } from '../shared';
import type { FromMain, FrontData, ToMain } from '../threads';
import { Comms } from './comms';
import { History } from './history';
import { kernelInformation } from './information';
import { LanguageClient } from './language';
import { text, type Request } from './message';
import { StreamBuffer } from './output';
import { Requests } from './requests';
import { CellRunner } from './runner';
import { Shell } from './shell';
import { Sockets, type RequestChannel } from './sockets';

/** How long ZeroMQ gets to deliver the last messages: it doesn't say when it has. */
const DELIVERY_MILLISECONDS = 300;
/** How long the main thread gets to end the process by itself at shutdown. */
const SHUTDOWN_MILLISECONDS = 150;

class Front {
  private readonly language: LanguageClient;
  private readonly output: StreamBuffer;
  private readonly runner: CellRunner;
  private readonly shell: Shell;
  private readonly requests = new Requests();
  private readonly history = new History();
  private readonly comms: Comms;

  constructor(
    private readonly sockets: Sockets,
    private readonly main: MessagePort,
    private readonly data: FrontData,
  ) {
    this.language = new LanguageClient(data.language);
    this.output = new StreamBuffer(sockets);
    this.runner = new CellRunner(main, this.language);
    this.shell = new Shell(sockets, this.requests, this.output, this.runner, this.history);
    this.comms = new Comms(sockets, this.requests, message => this.send(message));
    main.on('message', (message: FromMain) => this.receive(message));
  }

  private send(message: ToMain): void {
    this.main.postMessage(message);
  }

  /** Serves one channel until the process ends. */
  async serve(channel: RequestChannel): Promise<void> {
    for await (const request of this.sockets.requests(channel)) {
      const type = request.header.msg_type;
      if (type === 'input_reply') answer(this.data.shared, text(request.content.value));
      else if (type === 'execute_request') this.shell.enqueue(request);
      else void this.handle(channel, request);
    }
  }

  /** Answers a request that is not a cell; these don't wait for cells. */
  private async handle(channel: RequestChannel, request: Request): Promise<void> {
    const type = request.header.msg_type;
    this.sockets.publish('status', { execution_state: 'busy' }, request.header);
    const content = await this.answer(type, request).catch((error: unknown) => errorReply(error));
    const replyType = type.replace(/_request$/, '_reply');
    if (content) this.sockets.reply(channel, request, replyType, { status: 'ok', ...content });
    this.sockets.publish('status', { execution_state: 'idle' }, request.header);
    this.shell.restateBusy();
    if (type === 'shutdown_request') await this.shutDown();
  }

  private async answer(type: string, request: Request): Promise<object | undefined> {
    const { content } = request;
    const position = { code: text(content.code), cursor: Number(content.cursor_pos ?? 0) };
    switch (type) {
      case 'kernel_info_request':
        return kernelInformation;
      case 'complete_request':
        return this.language.ask('complete', position);
      case 'inspect_request':
        return this.language.ask('inspect', { ...position, detail: Number(content.detail_level ?? 0) });
      case 'is_complete_request':
        return this.language.ask('isComplete', { code: position.code });
      case 'history_request':
        return { history: this.history.request(content) };
      case 'comm_info_request':
        return { comms: this.comms.info(content.target_name) };
      case 'interrupt_request':
        await this.runner.interrupt();
        return {};
      case 'shutdown_request':
        return { restart: content.restart === true };
      case 'comm_open':
      case 'comm_msg':
      case 'comm_close':
        await this.comms.fromClient(request);
        return undefined;
      default:
        console.error(`A message of unknown type was ignored: ${type}`);
        return undefined;
    }
  }

  /** Takes a message of the main thread. Output of an interrupted cell is not wanted any more. */
  private receive(message: FromMain): void {
    if (message.type === 'stream') countReceived(this.data.shared);
    if ('cell' in message && isOutput(message) && this.runner.isStopped(message.cell)) return;
    const parent = 'cell' in message ? this.requests.of(message.cell) : undefined;
    if (message.type === 'stream') this.output.write(message.name, message.text, parent);
    else {
      this.output.flush();
      this.dispatch(message, parent);
    }
  }

  private dispatch(message: Exclude<FromMain, { type: 'stream' }>, parent: Request | undefined): void {
    switch (message.type) {
      case 'display': {
        const { data, metadata, id, update } = message;
        const transient = id === undefined ? {} : { display_id: id };
        const type = update ? 'update_display_data' : 'display_data';
        return this.sockets.publish(type, { data, metadata, transient }, parent?.header);
      }
      case 'clear':
        return this.sockets.publish('clear_output', { wait: message.wait }, parent?.header);
      case 'input':
        return this.askUser(message.prompt, message.password, parent);
      case 'comm':
        return this.comms.fromMain(message, parent);
      case 'comm target':
        return this.comms.setTarget(message.name, message.registered);
      case 'handled':
        return this.comms.acknowledge(message.cell);
      case 'signal':
        return void this.runner.interrupt();
      case 'exiting':
        return this.announceExit(message.code, parent);
      case 'interrupted':
        this.comms.acknowledge();
        return this.runner.receive(message);
      case 'done':
        return this.runner.receive(message);
    }
  }

  private askUser(prompt: string, password: boolean, parent: Request | undefined): void {
    if (parent?.content.allow_stdin !== true) return answer(this.data.shared, undefined);
    this.sockets.reply('stdin', parent, 'input_request', { prompt, password });
  }

  /** A cell has called `process.exit()`: says so before the process ends. Jupyter then starts a new one. */
  private announceExit(code: number, parent: Request | undefined): void {
    const message = `process.exit(${code}) was called: the kernel ends, and with it the variables of this notebook`;
    this.output.write('stderr', `${message}.\n`, parent);
    this.output.flush();
    this.runner.abandon('ProcessExit', message);
  }

  private async shutDown(): Promise<void> {
    await this.sockets.flushed();
    await sleep(DELIVERY_MILLISECONDS);
    this.send({ type: 'exit' });
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), SHUTDOWN_MILLISECONDS);
  }
}

function isOutput({ type }: FromMain): boolean {
  return type === 'stream' || type === 'display' || type === 'clear' || type === 'input' || type === 'comm';
}

function errorReply(error: unknown): object {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { status: 'error', ename: name, evalue: message, traceback: [] };
}

/** Ends the kernel when the Jupyter server that started it is gone: nobody else would. */
function endWithParent(): void {
  if (process.env.JPY_PARENT_PID === undefined) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  }, 1_000).unref();
}

async function start(main: MessagePort): Promise<void> {
  const data = workerData as FrontData;
  const sockets = await Sockets.open(data.connectionFile);
  const front = new Front(sockets, main, data);
  sockets.publish('status', { execution_state: 'starting' }, undefined);
  endWithParent();
  for (const channel of ['shell', 'control', 'stdin'] as const) void front.serve(channel);
}

if (!isMainThread && parentPort) void start(parentPort);
