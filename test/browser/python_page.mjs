// A viewer's own page beside the Python program that serves it: a line asks the program, a line answers.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { environment, python } from '../../scripts/process.mjs';
import { openBrowser, settled } from './support.mjs';

export const ROOT = '.voxbeam[data-settled]';

/**
 * Starts a program of this folder, which prints the address of its page first, and opens that.
 *
 * @param asked whether the program prints an address only when it is asked for one
 * @param args of the program
 * @returns the browser, the page (`said` has its errors), `ask(line)` for the program's next line, and `close`
 */
export async function openPythonPage(file, viewport, { asked = false, args = [] } = {}) {
  const server = spawn(python, ['-u', fileURLToPath(new URL(file, import.meta.url)), ...args], { stdio: ['pipe', 'pipe', 'inherit'], env: environment() });
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value;
  const ask = (line = '') => {
    server.stdin.write(`${line}\n`);
    return next();
  };
  let browser;
  const close = async () => {
    await browser?.close();
    server.stdin.end();
  };
  try {
    browser = await openBrowser();
    const page = await browser.newPage({ viewport, reducedMotion: 'reduce', colorScheme: 'dark' });
    page.said = [];
    page.on('pageerror', (error) => page.said.push(error.message));
    await page.goto(await (asked ? ask() : next()));
    await settled(page, ROOT);
    return { browser, page, ask, close };
  } catch (error) {
    await close();
    throw error;
  }
}
