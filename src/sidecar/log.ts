/** Lines on stderr, for the terminal or the log of whoever started this process. Never pass a ticket, token or cookie. */

/** Control characters would let a name from outside forge lines of the log. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** `message` as one line of the log. */
export function logLine(message: string): string {
  return `voxbeam sidecar: ${message.replace(CONTROL, '?').slice(0, 2000)}\n`;
}

/** Writes one line. */
export function log(message: string): void {
  process.stderr.write(logLine(message));
}
