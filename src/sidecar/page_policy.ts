/** What the viewer page may load, and who may show it in a frame. */

/**
 * The Content-Security-Policy of the page. Its code and style come from here alone; the session's worker is a blob, and decodes
 * Zstandard by WebAssembly, which may run, while `eval` may not; notebooks on this machine, behind the same proxy, or on an allowed host may frame it.
 */
export function pagePolicy(allowedHosts: readonly string[]): string {
  const framers = ["'self'", 'http://127.0.0.1:*', 'http://localhost:*'];
  for (const host of allowedHosts) framers.push(`http://${host}:*`, `https://${host}:*`);
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "connect-src 'self' ws: wss:",
    "img-src 'self' blob: data:",
    "worker-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${framers.join(' ')}`,
  ].join('; ');
}
