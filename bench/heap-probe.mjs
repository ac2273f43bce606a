// Preloaded into an operator's process (node --expose-gc --import …): at SIGUSR2 it collects all garbage and writes
// what is left, in bytes, to the file that BENCH_PROBE names.
import { writeFileSync } from 'node:fs';

process.on('SIGUSR2', () => {
  globalThis.gc();
  globalThis.gc();
  writeFileSync(process.env.BENCH_PROBE, JSON.stringify(process.memoryUsage()));
});
