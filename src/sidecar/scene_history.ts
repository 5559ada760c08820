/** Answers what clients ask of a scene's restore points. */

import { ErrorCode, FrameError, FrameType, type History, type HistoryAsk, type RestorePoint } from '../protocol/index.js';
import type { Connection } from './connection.js';
import type { RestorePoints } from './durable/restore_points.js';
import type { SceneKeeper } from './durable/scene_keeper.js';
import { setBack } from './durable/set_back.js';
import { atLeast } from './permissions.js';

const NO_FILE = { error: 'this server keeps no restore points: it has no scene file', remedy: 'start it with a scene file' };
const NOT_WRITTEN = { error: 'the scene file cannot be written now', remedy: 'make room on its disk, and ask again' };
const UNREADABLE = { error: 'this restore point cannot be read any more', remedy: 'take another one' };

/** Answers one question by a frame HISTORY to who asked. */
export function answerHistory(keeper: SceneKeeper, connection: Connection, ask: HistoryAsk): void {
  const points = ask.do === 'list' && !keeper.database ? undefined : keeper.points;
  const answer = (more: Partial<History> = {}) => {
    const message: History = { id: ask.id, points: points?.list ?? [], ...more };
    connection.sendControl(FrameType.HISTORY, message);
  };
  const problem = ask.do === 'list' ? undefined : refused(keeper, connection, ask, points);
  const found = ask.point === undefined ? undefined : points?.find(ask.point);
  if (problem || !points) answer(problem ?? (keeper.status.state === 'memory' ? NO_FILE : {}));
  else if (ask.do === 'make') keeper.makePoint(ask.name ?? '', ask.author ?? '', false, (made) => answer(made ? { made } : NOT_WRITTEN));
  else if (ask.do === 'restore' && found) restore(keeper, points, found, ask.author ?? '', answer);
  else if (ask.do === 'remove' && found) {
    points.remove(found.point, (work, done) => keeper.inTransaction(work, done), (kept) => answer(kept ? {} : NOT_WRITTEN));
  } else answer();
}

/** Why it cannot be done. */
function refused(keeper: SceneKeeper, connection: Connection, ask: HistoryAsk, points: RestorePoints | undefined): Partial<History> | undefined {
  const { role } = connection.grant;
  if (!atLeast(role, 'edit')) {
    const message = `the role ${role} may not change the history of the scene`;
    connection.error({ code: ErrorCode.FORBIDDEN, message });
    return { error: message };
  }
  if (!points) return keeper.status.state === 'memory' ? NO_FILE : NOT_WRITTEN;
  if (ask.do === 'make') return points.full === undefined ? undefined : { error: points.full, remedy: 'remove some' };
  if (ask.point === undefined) throw new FrameError(ErrorCode.BAD_FRAME, `HISTORY: ${ask.do} names no point`);
  return points.find(ask.point) ? undefined : { error: `there is no restore point ${ask.point}`, remedy: 'list them' };
}

/** What is there now is kept first: a restoration can be taken back by another one. */
function restore(keeper: SceneKeeper, points: RestorePoints, point: RestorePoint, author: string, answer: (more?: Partial<History>) => void): void {
  const then = points.document(point.point);
  if (!then) {
    answer(UNREADABLE);
    return;
  }
  keeper.makePoint(`before the restoration of ${point.name || point.made}`.slice(0, 200), author, true, (made) => {
    if (!made) {
      answer(NOT_WRITTEN);
      return;
    }
    setBack(keeper.doc, then, new Date().toISOString(), author);
    then.destroy();
    keeper.after((kept) => answer(kept ? { made } : NOT_WRITTEN));
  });
}
