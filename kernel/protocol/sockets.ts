/** The five ZeroMQ sockets of a kernel, and ordered sending on each. */
import fs from 'node:fs';
import * as zmq from 'zeromq';
import { MessageCodec, type Header, type Request } from './message';

/** The connection file that Jupyter writes for each kernel. */
interface Connection {
  readonly transport: string;
  readonly ip: string;
  readonly key: string;
  readonly signature_scheme?: string;
  readonly shell_port: number;
  readonly control_port: number;
  readonly stdin_port: number;
  readonly iopub_port: number;
  readonly hb_port: number;
}

/** Channels on which clients ask. */
export type RequestChannel = 'shell' | 'control' | 'stdin';

export class Sockets {
  // High-water marks of 0: nothing is dropped when a client reads slowly.
  private readonly iopub = new zmq.Publisher({ sendHighWaterMark: 0 });
  private readonly routers: Record<RequestChannel, zmq.Router> = {
    shell: new zmq.Router({ sendHighWaterMark: 0 }),
    control: new zmq.Router({ sendHighWaterMark: 0 }),
    stdin: new zmq.Router({ sendHighWaterMark: 0 }),
  };
  private readonly heartbeat = new zmq.Reply();
  /** ZeroMQ allows one `send` at a time on a socket: each waits for the one before. */
  private readonly tails = new Map<zmq.Publisher | zmq.Router, Promise<void>>();

  private constructor(private readonly codec: MessageCodec) {}

  /** Binds the sockets of a connection file and begins to answer the heartbeat. */
  static async open(connectionFile: string): Promise<Sockets> {
    const connection = JSON.parse(fs.readFileSync(connectionFile, 'utf8')) as Connection;
    const algorithm = (connection.signature_scheme ?? 'hmac-sha256').replace(/^hmac-/, '');
    const sockets = new Sockets(new MessageCodec(connection.key, algorithm));
    const separator = connection.transport === 'ipc' ? '-' : ':';
    const address = (port: number) => `${connection.transport}://${connection.ip}${separator}${port}`;
    await Promise.all([
      sockets.iopub.bind(address(connection.iopub_port)),
      sockets.heartbeat.bind(address(connection.hb_port)),
      sockets.routers.shell.bind(address(connection.shell_port)),
      sockets.routers.control.bind(address(connection.control_port)),
      sockets.routers.stdin.bind(address(connection.stdin_port)),
    ]);
    void sockets.answerHeartbeat();
    return sockets;
  }

  private async answerHeartbeat(): Promise<void> {
    for await (const frames of this.heartbeat) await this.heartbeat.send(frames);
  }

  /** The requests that arrive on a channel. Messages that are malformed or forged are left out. */
  async *requests(channel: RequestChannel): AsyncGenerator<Request> {
    for await (const frames of this.routers[channel]) {
      try {
        yield this.codec.decode(frames);
      } catch (error) {
        console.error(`A message on ${channel} was ignored: ${String(error)}`);
      }
    }
  }

  /** Publishes to all clients; `parent` is the request that caused it. */
  publish(type: string, content: unknown, parent: Header | undefined): void {
    this.send(this.iopub, () => this.codec.encode(type, content, parent, [Buffer.from(type)]));
  }

  /** Answers the client of a request. */
  reply(channel: RequestChannel, request: Request, type: string, content: unknown): void {
    const { header, identities } = request;
    this.send(this.routers[channel], () => this.codec.encode(type, content, header, identities));
  }

  /** Resolves when everything sent so far has been handed to ZeroMQ. */
  async flushed(): Promise<void> {
    await Promise.all(this.tails.values());
  }

  /** A message that cannot be sent, or written as JSON, is left out. */
  private send(socket: zmq.Publisher | zmq.Router, frames: () => Buffer[]): void {
    const tail = (this.tails.get(socket) ?? Promise.resolve())
      .then(() => socket.send(frames()))
      .catch((error: unknown) => console.error(`A message could not be sent: ${String(error)}`));
    this.tails.set(socket, tail);
  }
}
