/** The requests that have run code, each with the number under which its output comes back. */
import { Recent } from '../recent';
import type { CellNumber } from '../threads';
import type { Request } from './message';

/** How many earlier cells, and how many messages of comms, can still get output of their own, from timers that they left behind. */
const REMEMBERED = 1_000;

export class Requests {
  private readonly cells = new Recent<CellNumber, Request>(REMEMBERED);
  /** By themselves: a widget that is dragged sends hundreds while a cell runs. */
  private readonly comms = new Recent<CellNumber, Request>(REMEMBERED);
  private latest: Request | undefined;
  private count = 0;

  /** Gives a request its number. */
  register(request: Request): CellNumber {
    const cell = ++this.count;
    const kind = request.header.msg_type === 'execute_request' ? this.cells : this.comms;
    kind.set(cell, request);
    this.latest = request;
    return cell;
  }

  /** The request that output of a cell answers; the latest one where the cell is not known. */
  of(cell: CellNumber | undefined): Request | undefined {
    return (cell !== undefined && (this.cells.get(cell) ?? this.comms.get(cell))) || this.latest;
  }
}
