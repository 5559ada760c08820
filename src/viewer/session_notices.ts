/** What the session has to tell people: a banner for the connection, the footer for the rest. */

import type { Session } from '../session/session.js';
import type { SessionError } from '../session/types.js';
import type { Footer } from './footer.js';
import { KeptField } from './kept_field.js';
import type { Banner } from './notices.js';
import { SavedField } from './saved_field.js';

/** A message in the footer stays this long, unless it says what is still so. */
const TELL_MS = 7000;

export class SessionNotices {
  /** The last error that ended something, until the connection stands again. */
  error: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #problem: string | undefined;
  #remark: string | undefined;
  readonly #kept: KeptField;
  readonly #saved: SavedField;
  readonly #ends: (() => void)[];

  constructor(
    readonly session: Session,
    readonly banner: Banner,
    readonly footer: Footer,
    /** Called when the state of the connection or the error changed. */
    readonly changed: () => void,
  ) {
    this.#kept = new KeptField(session, (message) => this.tell(message));
    this.#saved = new SavedField(session);
    footer.element.append(this.#saved.element, this.#kept.element);
    const follow = () => {
      this.#connection();
      changed();
    };
    this.#ends = [session.on('state', follow), session.on('error', (error) => this.#failed(error))];
    this.#connection();
  }

  /** Says something for a while. */
  tell(message: string): void {
    clearTimeout(this.#timer);
    this.footer.show('message', message);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.showStanding(this.#problem, this.#remark);
    }, TELL_MS);
  }

  /** Says that this viewer may only look; always false, for whoever asked whether it may edit. */
  refuseEdit(): false {
    this.tell('You may look here, not edit: nothing was changed. Ask the owner for a link with the role edit');
    return false;
  }

  /**
   * Says what is wrong for as long as it is, unless there is something newer to say.
   *
   * @param problem of the renderer, where it has one
   * @param remark on what is shown, where nothing is wrong
   */
  showStanding(problem?: string, remark?: string): void {
    this.#problem = problem;
    this.#remark = remark;
    if (this.#timer === undefined) this.footer.show('message', problem ?? (this.#standing() || (remark ?? '')));
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#kept.dispose();
    this.#saved.dispose();
    for (const end of this.#ends) end();
  }

  #standing(): string {
    if (this.session.saved.state === 'unsaved') return this.session.saved.message;
    for (const { description, status } of this.session.volumes.values()) {
      if (status.message) return `${description.name}: ${status.message}`;
      if (status.producer === 'gone' && !status.complete) return `${description.name}: its kernel is gone; shown is what the server has`;
    }
    return '';
  }

  #connection(): void {
    const { banner } = this;
    const { state } = this.session;
    if (state === 'open') {
      banner.hide();
      this.error = undefined;
    } else if (state === 'reconnecting') banner.show('Connection to the server lost, reconnecting. Shown is what is here.');
    else if (state === 'closed' && this.error === undefined) banner.show('Not connected to the server any more. Shown is what is here.', 'bad');
  }

  #failed({ message, remedy, fatal, volume, key }: SessionError): void {
    const description = volume === undefined ? undefined : this.session.volumes.get(volume)?.description;
    const at = key && description?.times ? `, time point ${(key.time ?? 0) + 1}` : '';
    const name = description && `${description.name}${at}`;
    const text = `${name ? `${name}: ` : ''}${remedy ? `${message.replace(/\.$/, '')}. ${remedy}` : message}`;
    this.tell(text);
    if (!fatal) return;
    this.error = text;
    this.banner.show(text, 'bad');
    this.changed();
  }
}
