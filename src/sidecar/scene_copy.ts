/** A copy of the scene file for its owner: what people drew so far, to go on with elsewhere. */

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import type { SceneKeeper } from './durable/scene_keeper.js';
import { HttpError, type Reply } from './http_reply.js';
import { log } from './log.js';

/** Answers with the whole file as it is now, restore points and painted labels with it. Nobody waits for it. */
export async function answerCopy(keeper: SceneKeeper): Promise<Reply> {
  const { file } = keeper;
  if (file === undefined) throw new HttpError(409, 'nothing drawn is kept here, so there is no file to copy', 'start the server with a scene file');
  const copy = `${file}.copy-${randomBytes(6).toString('hex')}`;
  try {
    fs.closeSync(fs.openSync(copy, 'wx', 0o600));
    await keeper.copy(copy);
  } catch (error) {
    fs.rmSync(copy, { force: true });
    log(`${copy}: ${(error as Error).message}`);
    throw new HttpError(507, `the scene could not be copied: ${(error as Error).message}`, 'make room on the disk of the scene file, and ask again');
  }
  const { size } = fs.statSync(copy);
  return {
    status: 200,
    headers: { 'Content-Type': 'application/vnd.sqlite3', 'Content-Length': String(size) },
    stream: (response) => {
      const bytes = fs.createReadStream(copy);
      bytes.on('open', () => fs.rmSync(copy, { force: true }));
      bytes.on('error', (error) => {
        log(`${copy}: ${error.message}`);
        response.destroy();
      });
      response.on('close', () => bytes.destroy());
      bytes.pipe(response);
    },
  };
}
