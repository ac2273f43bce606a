// What /proc tells of a process and of the machine: CPU time, resident memory and its peak, load.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Clock ticks a second, as Linux counts CPU time for user space on every platform that Node runs on. */
const ticks = 100;

/** CPU seconds of the process so far, user and system. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, in brackets, may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}

/** The same of the process and of all that it started and that still run. */
export function treeCpuSeconds(pid: number): number {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = parentOf(Number(entry));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const sum = (root: number): number =>
    (children.get(root) ?? []).reduce(
      (total, child) => total + sum(child),
      parentOf(root) ? cpuSeconds(root) : 0,
    );
  return sum(pid);
}

/** Undefined where the process has ended meanwhile. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

export interface Memory {
  /** MiB now. */
  readonly resident: number;
  /** MiB at most since the process began or the peak was reset. */
  readonly peak: number;
}

export function memory(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
  return { resident: read('VmRSS'), peak: read('VmHWM') };
}

/** The peak of resident memory begins anew. */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** CPU seconds of all processors that were not idle, so far. */
export function machineBusySeconds(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq) / ticks;
}
