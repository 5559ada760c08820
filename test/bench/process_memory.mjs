// The memory of processes, as Linux counts it.
import { readdirSync, readFileSync } from 'node:fs';

/** A line of /proc/<pid>/status in bytes. */
export const status = (pid, key) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm'))?.[1] ?? 0) * 1024;

/** What is the process's own: shared memory of the store counts once, for the sidecar that owns it. */
export const own = (pid) => status(pid, 'RssAnon') + status(pid, 'RssFile');

/** Processes that `pid` started, and those that these did, with their command lines. */
export function descendants(pid) {
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // it has ended meanwhile
    }
  }
  const found = [];
  for (let wave = [pid]; wave.length > 0; ) {
    wave = [...parents].filter(([, parent]) => wave.includes(parent)).map(([child]) => child);
    found.push(...wave);
  }
  return found.map((child) => {
    try {
      return { pid: child, command: readFileSync(`/proc/${child}/cmdline`, 'utf8').replaceAll('\0', ' ') };
    } catch {
      return { pid: child, command: '' };
    }
  });
}

/** Looks at numbers again and again: { peaks, stop }, the largest of each that `read` gave. */
export function watchPeaks(read, every = 25) {
  const peaks = {};
  const look = () => {
    for (const [name, value] of Object.entries(read())) peaks[name] = Math.max(peaks[name] ?? 0, value);
  };
  const timer = setInterval(look, every);
  look();
  return {
    peaks,
    stop: () => {
      clearInterval(timer);
      look();
      return peaks;
    },
  };
}
