/** Comms for code in cells: named channels to widgets in the front end. */
import { randomUUID } from 'node:crypto';
import type { Comm, Comms } from '../display/tslab';
import type { FromMain, ToMain } from '../threads';
import { currentCell } from './cell';
import { asJson } from './json';

/** What a client sends on a comm. */
export type CommMessage = Extract<ToMain, { type: 'comm' }>;
type Send = (message: FromMain) => void;

/** Creates the registry; `receive` takes the messages of the front thread. */
export function createComms(send: Send): Comms & { receive(message: CommMessage): void } {
  const targets = new Map<string, (comm: Comm, data: unknown) => void>();
  const open = new Map<string, Comm>();

  const post = (event: CommMessage['event'], id: string, target: string, data: unknown = {}) => {
    const content = asJson(data, `The data for the comm of target ${target}`);
    send({ type: 'comm', cell: currentCell()?.number, event, id, target, data: content });
  };

  const create = (id: string, target: string): Comm => {
    const comm: Comm = {
      id,
      target,
      send: data => post('message', id, target, data),
      close(data) {
        post('close', id, target, data);
        open.delete(id);
      },
    };
    open.set(id, comm);
    return comm;
  };

  return {
    open(target, data) {
      const id = randomUUID();
      post('open', id, target, data);
      return create(id, target);
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
