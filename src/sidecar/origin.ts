/** Which web pages may talk to this instance, and under which host names it answers (DNS rebinding). */

/** An origin that a ticket is bound to: `none`, `self`, `loopback`, or a web origin such as `https://hub.example:8000`. */
export function isOriginRule(text: string): boolean {
  return text === 'none' || text === 'self' || text === 'loopback' || parseOrigin(text) !== undefined;
}

/** A web origin in its normal form, or undefined for anything else (`null`, a path, capitals, a default port). */
function parseOrigin(text: string): URL | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return undefined;
  }
  return (url.protocol === 'http:' || url.protocol === 'https:') && url.origin === text ? url : undefined;
}

/** Whether a host name (no port) is this machine's own. Names that merely start like one are not. */
export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
}

/** Whether a peer's address is this machine's own. */
export const isLoopbackAddress = (address = ''): boolean => address === '::1' || /^(::ffff:)?127\./.test(address);

/** Headers by which proxies tell that they speak for others. */
const PROXIED = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-context', 'x-real-ip'];

/**
 * Whether a request comes from a browser by a connection of its own, or one through which its bytes pass as they are, such as a tunnel's. A proxy says so, or passes on the Host that it
 * was asked for itself; what has no Origin is a program, which may speak for a page.
 *
 * @param port the one that the request came to
 */
export function isBrowsersOwn(headers: Readonly<Record<string, unknown>>, port: number | undefined): boolean {
  return headers.origin !== undefined && String(headers.host).endsWith(`:${port}`) && PROXIED.every((name) => headers[name] === undefined);
}

/** The name in a Host header, in lower case and without its port; undefined where it is no host. */
export function hostName(header: string | undefined): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(header ?? '');
  return match?.[1]?.toLowerCase();
}

/**
 * Whether a request with this Host header may be answered.
 *
 * @param allowed names given when the instance was started
 * @param rule the origin rule of the request's ticket, if it has one
 */
export function hostAllowed(header: string | undefined, allowed: readonly string[], rule?: string): boolean {
  const name = hostName(header);
  if (name === undefined) return false;
  if (isLoopbackName(name) || allowed.some((entry) => entry.toLowerCase() === name)) return true;
  return rule !== undefined && parseOrigin(rule)?.hostname === name;
}

/** The origin under which a request reached this instance; a proxy that speaks TLS says so. */
export function ownOrigin(headers: { host?: string | undefined; 'x-forwarded-proto'?: string | string[] | undefined }): string {
  const forwarded = String(headers['x-forwarded-proto'] ?? '').split(',')[0]?.trim();
  return `${forwarded === 'https' ? 'https' : 'http'}://${(headers.host ?? '').toLowerCase()}`;
}

/** Whether a request with this Origin header obeys `rule`; `own` is what `self` stands for. */
export function originAllowed(rule: string, header: string | undefined, own: string): boolean {
  if (rule === 'none') return header === undefined;
  if (header === undefined) return false;
  if (rule === 'self') return header === own;
  if (rule === 'loopback') {
    const origin = parseOrigin(header);
    return origin !== undefined && isLoopbackName(origin.hostname);
  }
  return header === rule;
}
