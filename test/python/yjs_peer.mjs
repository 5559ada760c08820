// A scene peer on real Yjs and y-protocols: one base64 message or one JSON command a line in, base64 messages or JSON out.
import { createInterface } from 'node:readline';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as sync from 'y-protocols/sync';
import * as Y from 'yjs';

const doc = new Y.Doc();
const annotations = doc.getMap('annotations');
const edits = doc.getMap('annotation_edits');
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const message = (write) => {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 0);
  write(encoder);
  say({ message: Buffer.from(encoding.toUint8Array(encoder)).toString('base64') });
};
doc.on('update', (update, origin) => origin !== 'peer' && message((encoder) => sync.writeUpdate(encoder, update)));

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  if (command.message) {
    const decoder = decoding.createDecoder(Buffer.from(command.message, 'base64'));
    if (decoding.readVarUint(decoder) !== 0) continue;
    const reply = encoding.createEncoder();
    encoding.writeVarUint(reply, 0);
    sync.readSyncMessage(decoder, reply, doc, 'peer');
    if (encoding.length(reply) > 1) say({ message: Buffer.from(encoding.toUint8Array(reply)).toString('base64') });
  } else if (command.sync) message((encoder) => sync.writeSyncStep1(encoder, doc));
  else if (command.set) {
    doc.transact(() => {
      const entry = new Y.Map();
      annotations.set(command.set, entry);
      for (const [name, value] of Object.entries(command.entry)) entry.set(name, value);
    });
  } else if (command.change) {
    // As the protocol says: a map is changed itself, and what was changed of a row stands beside it.
    const found = annotations.get(command.change);
    if (found instanceof Y.Map) found.set(command.name, command.value);
    else edits.set(`${command.change}/${command.name}`, command.value);
  }
  else if (command.delete) annotations.delete(command.delete);
  else if (command.read) {
    const all = annotations.toJSON();
    for (const [id, row] of Object.entries(all)) if (typeof row === 'string') all[id] = JSON.parse(row);
    for (const [key, value] of edits) {
      const [id, field] = key.split('/');
      if (value === null) delete all[id]?.[field];
      else if (all[id]) all[id][field] = value;
    }
    say({ annotations: all });
  }
}
