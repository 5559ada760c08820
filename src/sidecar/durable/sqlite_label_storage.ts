/** Editable labels in the scene file: an edit's bricks, the edit and the volume's sequence number are one transaction. */

import { Buffer } from 'node:buffer';
import { type LabelBatch, type LabelStorage, MemoryLabelStorage, type OpHead, type StoredLabels, type StoredOp } from '../labels/label_storage.js';
import type { SceneDatabase } from './scene_database.js';
import type { SceneKeeper } from './scene_keeper.js';
import { isWhole, type Row, type TableName } from './scene_tables.js';

/** Edits of a volume that are remembered. */
const OPS_KEPT = 4096;
const SEQ_DIGITS = 16;

/** What heads of a volume's rows begin with: no volume's is how another one's begins. */
const prefixOf = (volume: string) => `${volume.length}:${volume}/`;
const opHead = (volume: string, seq: number) => prefixOf(volume) + String(seq).padStart(SEQ_DIGITS, '0');
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

/** `u32 length of the head, head, displaced`. */
function packOp({ displaced, ...head }: StoredOp): Uint8Array {
  const text = json(head);
  const bytes = Buffer.alloc(4 + text.length + displaced.length);
  bytes.writeUInt32LE(text.length, 0);
  bytes.set(text, 4);
  bytes.set(displaced, 4 + text.length);
  return bytes;
}

function unpackOp(bytes: Uint8Array): StoredOp {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 4 + buffer.readUInt32LE(0);
  return { ...(JSON.parse(buffer.toString('utf8', 4, end)) as OpHead), displaced: bytes.subarray(end) };
}

export class SqliteLabelStorage implements LabelStorage {
  constructor(readonly keeper: SceneKeeper) {}

  volumes(): StoredLabels[] {
    const { database } = this.keeper;
    return database ? [...database.table('label_volumes').under('')].flatMap((row) => this.#whole('label_volumes', row) ?? []).map(parse) : [];
  }

  create(labels: StoredLabels): void {
    this.keeper.writeNow((database) => {
      const table = database.table('label_volumes');
      if (table.find(labels.name)) throw new Error(`labels "${labels.name}" are there already`);
      table.put(0, labels.name, json(labels));
    });
  }

  remove(volume: string): void {
    this.keeper.writeNow((database) => {
      database.table('label_volumes').removeHead(volume);
      for (const table of ['label_bricks', 'label_ops'] as const) database.table(table).removeUnder(prefixOf(volume));
    });
  }

  commit(batch: LabelBatch): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.keeper.database?.table('label_volumes').find(batch.volume)) reject(new Error(`no labels "${batch.volume}"`));
      else if (!this.keeper.write((database) => writeBatch(database, batch), resolve)) reject(new Error('there is no scene file'));
    });
  }

  brick(volume: string, key: string): Uint8Array | undefined {
    return this.#find('label_bricks', prefixOf(volume) + key)?.bytes;
  }

  keys(volume: string): string[] {
    const prefix = prefixOf(volume);
    return this.keeper.database?.table('label_bricks').heads(prefix).map((head) => head.slice(prefix.length)) ?? [];
  }

  ops(volume: string, after: number): OpHead[] {
    const table = this.keeper.database?.table('label_ops');
    const found: OpHead[] = [];
    for (const row of table?.under(prefixOf(volume), opHead(volume, after)) ?? []) {
      if (!this.#whole('label_ops', row)) continue;
      const { displaced: _, ...head } = unpackOp(row.bytes);
      found.push(head);
    }
    return found;
  }

  op(volume: string, seq: number): StoredOp | undefined {
    const row = this.#find('label_ops', opHead(volume, seq));
    return row && unpackOp(row.bytes);
  }

  #find(table: TableName, head: string): Row | undefined {
    const row = this.keeper.database?.table(table).find(head);
    return row && this.#whole(table, row);
  }

  #whole(table: TableName, row: Row): Row | undefined {
    if (isWhole(table, row)) return row;
    this.keeper.found(`"${row.head}" of its ${table.replace('_', ' ')} is damaged and is left out`);
    return undefined;
  }
}

const parse = ({ bytes }: Row): StoredLabels => JSON.parse(Buffer.from(bytes).toString('utf8'));

/** Bricks first, then the edits, then the number of the last one. */
function writeBatch(database: SceneDatabase, { volume, ops, bricks }: LabelBatch): void {
  const prefix = prefixOf(volume);
  const row = database.table('label_volumes').find(volume) as Row;
  for (const { key, bytes } of bricks) {
    if (bytes) database.table('label_bricks').put(0, prefix + key, bytes);
    else database.table('label_bricks').removeHead(prefix + key);
    database.wrote(bytes?.length ?? 0);
  }
  for (const op of ops) {
    const bytes = packOp(op);
    database.table('label_ops').put(0, opHead(volume, op.seq), bytes);
    database.wrote(bytes.length);
  }
  const last = ops.at(-1);
  if (!last) return;
  database.table('label_ops').removeUnder(prefix, opHead(volume, Math.max(0, last.seq - OPS_KEPT + 1)));
  database.table('label_volumes').put(0, volume, json({ ...parse(row), seq: last.seq, generation: last.generation }));
}

/** Where a scene's labels are kept: in its file, or in memory where it has none. */
export function labelStorageOf(keeper: SceneKeeper): LabelStorage {
  return keeper.file === undefined ? new MemoryLabelStorage() : new SqliteLabelStorage(keeper);
}
