/** What cells print, gathered for a moment so that 10,000 lines are a few messages, in order with everything else. */
import type { Request } from './message';
import type { Sockets } from './sockets';

type StreamName = 'stdout' | 'stderr';

const GATHER_MILLISECONDS = 20;
const MAXIMUM_LENGTH = 1 << 20;

export class StreamBuffer {
  private name: StreamName = 'stdout';
  private parent: Request | undefined;
  private parts: string[] = [];
  private length = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly sockets: Sockets) {}

  /** Adds text that a cell wrote; sent at the latest 20 ms from now. */
  write(name: StreamName, text: string, parent: Request | undefined): void {
    if (name !== this.name || parent !== this.parent) this.flush();
    this.name = name;
    this.parent = parent;
    this.parts.push(text);
    this.length += text.length;
    this.timer ??= setTimeout(() => this.flush(), GATHER_MILLISECONDS);
    if (this.length > MAXIMUM_LENGTH) this.flush();
  }

  /** Sends what was gathered; called before any other message, so that the order is the cell's. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.parts.length === 0) return;
    this.sockets.publish('stream', { name: this.name, text: this.parts.join('') }, this.parent?.header);
    this.parts = [];
    this.length = 0;
  }
}
