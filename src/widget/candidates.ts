/** From the ways the kernel names to the ways a session tries. */

import type { Candidate } from '../session/session.js';
import { asWebSocket, underJupyter } from './base_url.js';
import { CommTunnel } from './comm_tunnel.js';
import { askKernel, type CandidateTrait, type ViewModel } from './model.js';

const TICKET_WAIT_MS = 60_000;

/** The candidates of a view; only the forced one where the user chose. */
export function sessionCandidates(model: ViewModel, owner: Document): Candidate[] {
  const forced = model.get('_forced');
  const candidates = model
    .get('_candidates')
    .filter((trait) => !forced || trait.kind === forced)
    .map((trait) => sessionCandidate(model, trait, owner));
  return candidates.filter((c): c is Candidate => c !== undefined);
}

function sessionCandidate(model: ViewModel, trait: CandidateTrait, owner: Document): Candidate | undefined {
  if (trait.kind === 'comm') return { kind: 'comm', tunnel: new CommTunnel(model) };
  const url = trait.url ?? (trait.path && asWebSocket(underJupyter(trait.path, owner)));
  return url ? { kind: trait.kind, url, ticket: ticketSource(model, trait, owner) } : undefined;
}

/** The ticket that came with the view, once; after that the kernel is asked for one bound to this page's origin. */
function ticketSource(model: ViewModel, trait: CandidateTrait, owner: Document): () => Promise<string> {
  let ready = trait.ticket;
  return async () => {
    const first = ready;
    ready = undefined;
    if (first) return first;
    const { message } = await askKernel(model, { t: 'ticket', origin: owner.location.origin }, TICKET_WAIT_MS);
    if (message.t !== 'ticket' || !message.ticket) throw new Error('the kernel answered without a ticket');
    return message.ticket;
  };
}
