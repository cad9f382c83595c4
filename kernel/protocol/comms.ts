/** Comms: named channels between code in the notebook and widgets in the front end. */
import type { CellNumber, FromMain, ToMain } from '../threads';
import type { Request } from './message';
import type { Requests } from './requests';
import type { Sockets } from './sockets';

type CommFromMain = Extract<FromMain, { type: 'comm' }>;

/** Which comms are open and which targets the notebook has registered. */
export class Comms {
  private readonly targets = new Set<string>();
  private readonly open = new Map<string, string>();
  /** What waits until the notebook has handled a message. */
  private readonly handled = new Map<CellNumber, () => void>();

  constructor(
    private readonly sockets: Sockets,
    private readonly requests: Requests,
    private readonly send: (message: ToMain) => void,
  ) {}

  /** Code in the notebook begins or ceases to handle a target. */
  setTarget(name: string, registered: boolean): void {
    if (registered) this.targets.add(name);
    else this.targets.delete(name);
  }

  /** Answers a `comm_info_request`: the open comms, all or those of one target. */
  info(target: unknown): Record<string, { target_name: string }> {
    const wanted = [...this.open].filter(([, name]) => typeof target !== 'string' || name === target);
    return Object.fromEntries(wanted.map(([id, name]) => [id, { target_name: name }]));
  }

  /**
   * Takes `comm_open`, `comm_msg` and `comm_close` of a client; a target that nobody handles is closed at once. Resolves
   * when code in the notebook has handled it.
   */
  async fromClient(request: Request): Promise<void> {
    const { comm_id, target_name, data } = request.content;
    const id = String(comm_id);
    const event = eventOf(request.header.msg_type);
    if (event === 'open') {
      if (!this.targets.has(String(target_name))) {
        this.sockets.publish('comm_close', { comm_id: id, data: {} }, request.header);
        return;
      }
      this.open.set(id, String(target_name));
    }
    const target = this.open.get(id);
    if (target === undefined) return;
    if (event === 'close') this.open.delete(id);
    const cell = this.requests.register(request);
    this.send({ type: 'comm', cell, event, id, target, data: data ?? {} });
    await new Promise<void>(resolve => this.handled.set(cell, resolve));
  }

  /** The notebook has handled the message; without a number, an interrupt has ended whatever was handled. */
  acknowledge(cell?: CellNumber): void {
    for (const number of cell === undefined ? [...this.handled.keys()] : [cell]) {
      this.handled.get(number)?.();
      this.handled.delete(number);
    }
  }

  /** Publishes what code in the notebook sends on a comm. */
  fromMain({ event, id, target, data }: CommFromMain, parent: Request | undefined): void {
    if (event === 'open') this.open.set(id, target);
    if (event === 'close') this.open.delete(id);
    const type = { open: 'comm_open', message: 'comm_msg', close: 'comm_close' }[event];
    const content = { comm_id: id, data, ...(event === 'open' ? { target_name: target } : {}) };
    this.sockets.publish(type, content, parent?.header);
  }
}

function eventOf(messageType: string): CommFromMain['event'] {
  if (messageType === 'comm_open') return 'open';
  return messageType === 'comm_close' ? 'close' : 'message';
}
