// A bare client of Chromium's debugging protocol. Playwright mirrors every WebSocket frame to its driver, which makes sockets
// several times slower; this one asks for nothing of the kind, so it can be used beside timings.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { FLAGS, findChromium } from './chromium.mjs';
import { end, Failure } from './process.mjs';

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const expressionOf = (fn, arg) => (typeof fn === 'string' ? fn : `(${fn})(${arg === undefined ? '' : JSON.stringify(arg)})`);

/** One tab. Frames are named by a part of their URL; without one the main frame is meant. */
class Page {
  #browser;
  #session;
  #contexts = new Map(); // frame id -> execution context id
  #urls = new Map(); // frame id -> URL
  #main;
  /** What the page's console said and what it threw. */
  log = [];

  constructor(browser, session, targetId) {
    this.#browser = browser;
    this.#session = session;
    this.#main = targetId;
    browser.listen(session, (method, p) => this.#event(method, p));
  }

  #event(method, p) {
    if (method === 'Runtime.executionContextCreated' && p.context.auxData?.isDefault) this.#contexts.set(p.context.auxData.frameId, p.context.id);
    if (method === 'Runtime.executionContextsCleared') this.#contexts.clear();
    if (method === 'Page.frameNavigated') this.#urls.set(p.frame.id, p.frame.url);
    if (method === 'Page.frameDetached') this.#urls.delete(p.frameId);
    if (method === 'Runtime.exceptionThrown') this.log.push(p.exceptionDetails.exception?.description ?? p.exceptionDetails.text);
    if (method === 'Runtime.consoleAPICalled') this.log.push(`${p.type} ${p.args.map((a) => a.value ?? a.description ?? '').join(' ')}`);
    if (method === 'Inspector.targetCrashed') this.log.push('the page crashed');
    if (this.log.length > 200) this.log.splice(0, 100);
  }

  async open({ width, height }) {
    await this.send('Page.enable');
    await this.send('Runtime.enable');
    await this.send('Inspector.enable');
    await this.send('Emulation.setFocusEmulationEnabled', { enabled: true });
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
    return this;
  }

  send(method, params = {}) {
    return this.#browser.send(method, params, this.#session);
  }

  async goto(url, { timeout = 180_000 } = {}) {
    const { errorText } = await this.send('Page.navigate', { url });
    if (errorText) throw new Failure(`${url.split('#')[0]} cannot be opened: ${errorText}`);
    await this.waitFor('document.readyState === "complete" && location.href !== "about:blank"', undefined, { timeout });
  }

  /** The ids of frames whose URL holds `part`. */
  frames(part) {
    return [...this.#urls].filter(([id, url]) => id !== this.#main && url.includes(part)).map(([id]) => id);
  }

  async evaluate(fn, arg, { frame, timeout = 120_000 } = {}) {
    const contextId = frame ? this.#contexts.get(frame) : undefined;
    const call = this.send('Runtime.evaluate', {
      expression: expressionOf(fn, arg), awaitPromise: true, returnByValue: true, userGesture: true, ...(contextId ? { contextId } : {}),
    });
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Failure(`the page did not answer within ${timeout} ms: ${expressionOf(fn, arg).slice(0, 120)}`)), timeout);
    });
    const { result, exceptionDetails } = await Promise.race([call, late]).finally(() => clearTimeout(timer));
    if (exceptionDetails) throw new Failure(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Asks until the answer is true-ish, and gives it. A navigation under way counts as "not yet". */
  async waitFor(fn, arg, { frame, timeout = 180_000, every = 50, what } = {}) {
    const until = Date.now() + timeout;
    let last;
    while (Date.now() < until) {
      try {
        const value = await this.evaluate(fn, arg, { frame, timeout: until - Date.now() + 1000 });
        if (value) return value;
        last = undefined;
      } catch (error) {
        last = error;
      }
      await sleep(every);
    }
    throw new Failure(`${what ?? expressionOf(fn, arg).slice(0, 160)}: not within ${timeout / 1000} s${last ? ` (${last.message})` : ''}`);
  }

  async screenshot(options = {}) {
    return Buffer.from((await this.send('Page.captureScreenshot', { format: 'png', ...options })).data, 'base64');
  }

  mouse(type, x, y, { buttons = 0, ...more } = {}) {
    return this.send('Input.dispatchMouseEvent', { type, x, y, button: type === 'mouseMoved' && !buttons ? 'none' : 'left', buttons, clickCount: 1, ...more });
  }

  close() {
    return this.#browser.send('Target.closeTarget', { targetId: this.#main });
  }
}

/** One Chromium with a profile of its own. */
export class Browser {
  #socket;
  #next = 0;
  #waiting = new Map();
  #listeners = new Map();
  #profile;
  process;

  static async launch({ flags = [] } = {}) {
    const browser = new Browser();
    browser.#profile = await mkdtemp(join(tmpdir(), 'voxbeam-chromium-'));
    browser.process = spawn(
      await findChromium(),
      ['--headless', ...FLAGS, '--hide-scrollbars', '--enable-precise-memory-info', ...flags, '--remote-debugging-port=0', `--user-data-dir=${browser.#profile}`, 'about:blank'],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    try {
      await browser.#connect();
    } catch (error) {
      await browser.close();
      throw error;
    }
    return browser;
  }

  async #connect() {
    let log = '';
    const url = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Failure(`Chromium did not start: ${log.slice(-500)}`)), 60_000);
      this.process.once('error', (error) => reject(new Failure(`Chromium cannot be started: ${error.message}`)));
      this.process.once('exit', (code) => reject(new Failure(`Chromium ended with ${code}: ${log.slice(-500)}`)));
      this.process.stderr.on('data', (chunk) => {
        log = (log + chunk).slice(-20_000);
        const found = log.match(/DevTools listening on (ws:\/\/\S+)/);
        if (!found) return;
        clearTimeout(timer);
        resolve(found[1]);
      });
    });
    this.#socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 2 ** 30 });
    await new Promise((resolve, reject) => {
      this.#socket.once('open', resolve);
      this.#socket.on('error', reject);
    });
    this.#socket.on('message', (text) => this.#receive(JSON.parse(text)));
    this.#socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Failure('the browser is gone'));
      this.#waiting.clear();
    });
  }

  #receive(message) {
    if (!message.id) {
      this.#listeners.get(message.sessionId)?.(message.method, message.params);
      return;
    }
    const waiter = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error) waiter?.reject(new Failure(`${waiter.method}: ${message.error.message}`));
    else waiter?.resolve(message.result);
  }

  listen(session, listener) {
    this.#listeners.set(session, listener);
  }

  send(method, params = {}, sessionId = undefined) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Failure('the browser is gone'));
    this.#next += 1;
    const id = this.#next;
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject, method }));
  }

  async newPage({ width = 1280, height = 900 } = {}) {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    return new Page(this, sessionId, targetId).open({ width, height });
  }

  async close() {
    await Promise.race([this.send('Browser.close').catch(() => undefined), sleep(3000)]);
    await end(this.process, 5000);
    this.#socket?.terminate();
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 }).catch(() => undefined);
  }
}
