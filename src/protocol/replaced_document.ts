/** A document that is given up for another one: whoever reads it hears of that, and goes on with the other. Nothing can be taken out of a document of Yjs. */

import type { Doc } from 'yjs';

const followers = new WeakMap<Doc, Set<(by: Doc) => void>>();

/** Calls `listener` when `doc` is replaced; the result ends that. */
export function onReplaced(doc: Doc, listener: (by: Doc) => void): () => void {
  const all = followers.get(doc) ?? new Set();
  followers.set(doc, all.add(listener));
  return () => all.delete(listener);
}

/** Calls `follow` with what replaces `doc`, and with what replaces that; the result ends it. */
export function followDocument(doc: Doc, follow: (by: Doc) => void): () => void {
  const replaced = (by: Doc): void => {
    end();
    end = onReplaced(by, replaced);
    follow(by);
  };
  let end = onReplaced(doc, replaced);
  return () => end();
}

/** Tells everybody who reads `doc` that `by` is in its place. */
export function replaceDocument(doc: Doc, by: Doc): void {
  for (const listener of [...(followers.get(doc) ?? [])]) listener(by);
}
