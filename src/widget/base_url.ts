/** Where the Jupyter server of this page is. */

/** Base path, with a slash at both ends: as Lab, Notebook 7 and Voilà write it down, as classic pages do, or `/`. */
export function jupyterBasePath(owner: Document): string {
  const config = owner.getElementById('jupyter-config-data')?.textContent;
  let base: unknown;
  try {
    base = config ? (JSON.parse(config) as { baseUrl?: unknown }).baseUrl : undefined;
  } catch {
    base = undefined;
  }
  const found = typeof base === 'string' && base ? base : owner.body.dataset.baseUrl;
  const path = found ? new URL(found, owner.location.origin).pathname : '/';
  return path.endsWith('/') ? path : `${path}/`;
}

/** Absolute URL of a path under the Jupyter server. Never relative to the page's own address, `/lab/tree/…`. */
export function underJupyter(path: string, owner: Document): string {
  return new URL(path, owner.location.origin + jupyterBasePath(owner)).href;
}

/** The same address for a WebSocket: http becomes ws, https wss. */
export function asWebSocket(url: string): string {
  return url.replace(/^http/, 'ws');
}
