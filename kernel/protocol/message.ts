/** Jupyter messages as they travel: multipart frames, signed with the connection's key (protocol 5.4). */
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';

export const PROTOCOL_VERSION = '5.4';

export interface Header {
  readonly msg_id: string;
  readonly msg_type: string;
  readonly session: string;
  readonly username: string;
  readonly date: string;
  readonly version: string;
}

/** A request from a client. `identities` are the frames that lead back to it. */
export interface Request {
  readonly identities: readonly Buffer[];
  readonly header: Header;
  readonly content: Record<string, unknown>;
}

const DELIMITER = Buffer.from('<IDS|MSG>');
const session = randomUUID();

/** Signs and reads messages with one connection's key. An empty key switches signatures off, as the protocol says. */
export class MessageCodec {
  constructor(
    private readonly key: string,
    private readonly algorithm = 'sha256',
  ) {}

  private sign(parts: readonly Buffer[]): string {
    if (this.key === '') return '';
    const hmac = createHmac(this.algorithm, this.key);
    for (const part of parts) hmac.update(part);
    return hmac.digest('hex');
  }

  /** The frames of a message from the kernel. */
  encode(
    type: string,
    content: unknown,
    parent: Header | undefined,
    identities: readonly Buffer[],
  ): Buffer[] {
    const header: Header = {
      msg_id: randomUUID(),
      msg_type: type,
      session,
      username: 'kernel',
      date: new Date().toISOString(),
      version: PROTOCOL_VERSION,
    };
    const parts = [header, parent ?? {}, {}, content].map(part => Buffer.from(JSON.stringify(part)));
    return [...identities, DELIMITER, Buffer.from(this.sign(parts)), ...parts];
  }

  /** Reads a message. Throws on frames that are malformed or not signed with the key. */
  decode(frames: readonly Buffer[]): Request {
    const start = frames.findIndex(frame => frame.equals(DELIMITER));
    if (start < 0 || frames.length < start + 6) throw new Error('malformed message');
    const parts = frames.slice(start + 2, start + 6);
    const [given, expected] = [frames[start + 1], Buffer.from(this.sign(parts))];
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      throw new Error('wrong signature');
    const [header, , , content] = parts.map(part => JSON.parse(part.toString()) as unknown);
    if (!isHeader(header) || !isRecord(content)) throw new Error('malformed message');
    return { identities: frames.slice(0, start), header, content };
  }
}

/** A member of a request's content that should be text; empty when it is not. */
export const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isHeader(value: unknown): value is Header {
  return isRecord(value) && typeof value.msg_type === 'string' && typeof value.msg_id === 'string';
}
