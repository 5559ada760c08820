/** Which process a number stands for: the system gives numbers of processes that ended to others. */

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

/** Place of the start time among what follows the name in /proc/<pid>/stat. */
const START_FIELD = 19;

/** When process `pid` began, in words that no later process of this number has; undefined where there is none, or it has ended and is only not yet collected. */
export function processBegan(pid: number): string | undefined {
  if (process.platform !== 'linux') {
    const { status, stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', timeout: 5_000 });
    return (status === 0 && stdout.trim()) || undefined;
  }
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // a name may hold spaces and brackets
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${fields[START_FIELD]} of boot ${fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`;
  } catch {
    return undefined;
  }
}
