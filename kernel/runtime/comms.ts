/** Comms for code in cells: named channels to widgets in the front end. */
import { randomUUID } from 'node:crypto';
import type { FromMain, ToMain } from '../threads';
import { currentCell } from './cell';

type CommMessage = Extract<ToMain, { type: 'comm' }>;
type Send = (message: FromMain) => void;

/** One open channel. */
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

/** Channels that code has opened or taken. */
export interface CommRegistry {
  /** Opens a channel to the front end's handler of a target. */
  open(target: string, data?: unknown): Comm;
  /** Handles the channels that the front end opens to a target; returns the function that ceases to. */
  register(target: string, onOpen: (comm: Comm, data: unknown) => void): () => void;
}

/** Creates the registry; `receive` takes the messages of the front thread. */
export function createComms(send: Send): CommRegistry & { receive(message: CommMessage): void } {
  const targets = new Map<string, (comm: Comm, data: unknown) => void>();
  const open = new Map<string, Comm>();

  const create = (id: string, target: string): Comm => {
    const post = (event: CommMessage['event'], data: unknown = {}) =>
      send({ type: 'comm', cell: currentCell()?.number, event, id, target, data });
    const comm: Comm = {
      id,
      target,
      send: data => post('message', data),
      close(data) {
        open.delete(id);
        post('close', data);
      },
    };
    open.set(id, comm);
    return comm;
  };

  return {
    open(target, data = {}) {
      const comm = create(randomUUID(), target);
      send({ type: 'comm', cell: currentCell()?.number, event: 'open', id: comm.id, target, data });
      return comm;
    },
    register(target, onOpen) {
      targets.set(target, onOpen);
      send({ type: 'comm target', name: target, registered: true });
      return () => {
        targets.delete(target);
        send({ type: 'comm target', name: target, registered: false });
      };
    },
    receive({ event, id, target, data }) {
      if (event === 'open') targets.get(target)?.(create(id, target), data);
      else if (event === 'message') open.get(id)?.onMessage?.(data);
      else {
        const comm = open.get(id);
        open.delete(id);
        comm?.onClose?.(data);
      }
    },
  };
}
