// Metrics on prom-client, with a registry of its own. Only this file knows the library.
import { readdir } from 'node:fs/promises';
import * as prom from 'prom-client';
import type { Counter, Gauge, Histogram, Labels, Metrics } from './metrics.js';

/** What a scrape returns. */
export interface RenderedMetrics {
  readonly contentType: string;
  readonly body: string;
}

/** Counts, and prints what was counted in Prometheus' text format. */
export class PromMetrics implements Metrics {
  readonly #registry = new prom.Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #readers = new Map<string, Set<Reader>>();

  constructor(options: { process?: boolean } = {}) {
    if (options.process ?? true) this.#addProcessMetrics();
  }

  counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    return once(this.#counters, name, () => {
      const counter = new prom.Counter({
        name,
        help,
        labelNames: [...labelNames],
        registers: [this.#registry],
      });
      return { inc: (labels: Labels = {}, by = 1) => counter.inc(labels, by) };
    });
  }

  gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
    return once(this.#gauges, name, () => {
      const gauge = new prom.Gauge({ name, help, labelNames: [...labelNames], registers: [this.#registry] });
      return { set: (value: number, labels: Labels = {}) => gauge.set(labels, value) };
    });
  }

  /** Several readers of one name are allowed (one for each queue, say); all are read. */
  collect(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => Iterable<[Labels, number]>,
  ): () => void {
    const readers = once(this.#readers, name, () => {
      const list = new Set<Reader>();
      const gauge = new prom.Gauge({
        name,
        help,
        labelNames: [...labelNames],
        registers: [this.#registry],
        collect: () => {
          gauge.reset();
          for (const reader of list) for (const [labels, value] of reader()) gauge.set(labels, value);
        },
      });
      return list;
    });
    const reader: Reader = () => read();
    readers.add(reader);
    return () => readers.delete(reader);
  }

  histogram(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly string[] = [],
  ): Histogram {
    return once(this.#histograms, name, () => {
      const histogram = new prom.Histogram({
        name,
        help,
        buckets: [...buckets],
        labelNames: [...labelNames],
        registers: [this.#registry],
      });
      return { observe: (value: number, labels: Labels = {}) => histogram.observe(labels, value) };
    });
  }

  /** All metrics as text. */
  async render(): Promise<RenderedMetrics> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  /** The process metrics that dashboards for Go programs read too. */
  #addProcessMetrics(): void {
    const registers = [this.#registry];
    const cpu: prom.Counter = new prom.Counter({
      name: 'process_cpu_seconds_total',
      help: 'User and system CPU time spent, in seconds.',
      registers,
      collect: () => {
        const { user, system } = process.cpuUsage();
        cpu.reset();
        cpu.inc((user + system) / 1e6);
      },
    });
    this.collect('process_resident_memory_bytes', 'Resident memory, in bytes.', [], () => [
      [{}, process.memoryUsage.rss()],
    ]);
    const heap: prom.Gauge = new prom.Gauge({
      name: 'nodejs_heap_size_used_bytes',
      help: 'Memory in use on the JavaScript heap, in bytes.',
      registers,
      collect: () => heap.set(process.memoryUsage().heapUsed),
    });
    const start = Math.round(performance.timeOrigin / 1000);
    this.collect('process_start_time_seconds', 'Start of the process, seconds since the epoch.', [], () => [
      [{}, start],
    ]);
    const files: prom.Gauge = new prom.Gauge({
      name: 'process_open_fds',
      help: 'Open file descriptors.',
      registers,
      collect: async () => {
        const open = await readdir('/proc/self/fd').catch(() => undefined);
        if (open) files.set(open.length);
      },
    });
  }
}

type Reader = () => Iterable<[Labels, number]>;

function once<T>(made: Map<string, T>, name: string, make: () => T): T {
  const known = made.get(name);
  if (known !== undefined) return known;
  const fresh = make();
  made.set(name, fresh);
  return fresh;
}
