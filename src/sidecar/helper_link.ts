/** A helper of a producer: another process, which makes some of its bricks where it is late, or always. */

import { type BrickBox, decodeControl, ErrorCode, type FrameHeader, FrameType, Help } from '../protocol/index.js';
import type { Connection } from './connection.js';
import type { Demand } from './demand.js';
import { MakerLink } from './maker_link.js';
import type { ProducerLink } from './producer_link.js';

interface Offer {
  readonly first: boolean;
  readonly boxes: readonly BrickBox[];
}

export class HelperLink extends MakerLink {
  readonly kind = 'helper';
  /** What it makes, by volume and time point. */
  readonly #offers = new Map<string, Offer>();

  constructor(
    connection: Connection,
    readonly main: ProducerLink,
  ) {
    super(connection);
    main.helpers.add(this);
  }

  /** Whether it makes this brick, while its producer is late or not. */
  makes({ record, key }: Demand, late: boolean): boolean {
    const offer = this.#offers.get(`${record.handle}:${key.time ?? 0}`);
    if (!offer || !(late || offer.first)) return false;
    const { level, z, y, x } = key;
    return offer.boxes.some(([l, z0, y0, x0, z1, y1, x1]) => l === level && z >= z0 && z < z1 && y >= y0 && y < y1 && x >= x0 && x < x1);
  }

  /** While it is heard, its producer is there: a program that keeps its interpreter to itself for minutes is not gone. */
  heard(): void {
    this.main.connection.alive();
  }

  override frame(header: FrameHeader, payload: Uint8Array, frame: Uint8Array): void {
    if (header.type === FrameType.HELP) this.#help(decodeControl(Help, payload));
    else super.frame(header, payload, frame);
  }

  closed(): void {
    this.main.helpers.delete(this);
    this.connection.services.broker.helperGone(this);
  }

  #help({ volume, time = 0, first = false, boxes }: Help): void {
    const { broker, catalog } = this.connection.services;
    if (catalog.get(volume)?.producer !== this.main) {
      this.error({ code: ErrorCode.NOT_FOUND, message: `no volume ${volume} of this helper's producer in this instance`, volume });
    } else if (boxes.length === 0) {
      this.#offers.delete(`${volume}:${time}`);
    } else {
      this.#offers.set(`${volume}:${time}`, { first, boxes });
      broker.lookAfter(this.main);
      broker.schedule(this.main);
    }
  }
}
