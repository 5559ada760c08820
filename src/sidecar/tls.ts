/** The certificate of an instance that listens beyond this machine. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import { type SidecarConfig, StartError } from './config.js';

export interface Tls {
  readonly options: ServerOptions;
  /** The same for a server in another thread. */
  readonly pem: { readonly cert: string; readonly key: string };
  /** SHA-256 of the certificate, in hex: what a client that knows nobody who vouches for it is told to expect. */
  readonly fingerprint: string;
  /** Names and addresses that it was made for: the instance answers under them. */
  readonly names: readonly string[];
}

function read(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new StartError(`${what} ${path}: ${(error as NodeJS.ErrnoException).code ?? error}`, 'name a file in PEM that this user may read');
  }
}

/** The names in a subjectAltName such as `DNS:a.example, IP Address:10.0.0.5`, as they stand in a Host header. */
function namesIn(alternatives: string): string[] {
  return alternatives.split(', ').flatMap((entry) => {
    const [kind, name = ''] = entry.split(/:(.*)/s);
    if (kind === 'DNS' && /^[A-Za-z0-9.-]+$/.test(name)) return [name];
    if (kind === 'IP Address') return [name.includes(':') ? `[${name.toLowerCase()}]` : name];
    return [];
  });
}

/**
 * What the configuration names; undefined without TLS.
 *
 * @throws StartError where a file cannot be read, is none, or the two do not belong together
 */
export function readTls({ tls_cert: certPath, tls_key: keyPath }: SidecarConfig): Tls | undefined {
  if (certPath === undefined || keyPath === undefined) return undefined;
  const [cert, key] = [read(certPath, 'tls_cert'), read(keyPath, 'tls_key')];
  let known: X509Certificate;
  try {
    known = new X509Certificate(cert);
  } catch {
    throw new StartError(`tls_cert ${certPath} holds no certificate`, 'give a file in PEM: -----BEGIN CERTIFICATE-----');
  }
  try {
    if (!known.checkPrivateKey(createPrivateKey(key))) throw new Error();
  } catch {
    throw new StartError(`tls_key ${keyPath} is not the key of ${certPath}`, 'give the key that the certificate was made with, in PEM and without a passphrase');
  }
  const fingerprint = known.fingerprint256.replaceAll(':', '').toLowerCase();
  return { options: { cert, key, minVersion: 'TLSv1.2' }, pem: { cert: cert.toString(), key: key.toString() }, fingerprint, names: namesIn(known.subjectAltName ?? '') };
}
