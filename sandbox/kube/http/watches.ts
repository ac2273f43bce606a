// Watch streams: history first, then what happens, as lines of JSON that are made once for all watchers; bookmarks,
// a time limit, 410 when the history does not reach back far enough.
import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '../../../src/core/clock.js';
import { expired } from '../errors.js';
import type { JsonObject } from '../json.js';
import { groupVersion, type ResourceType, type Version } from '../kinds/resource-type.js';
import { partial, table } from '../print/table.js';
import type { Predicate } from '../selectors.js';
import type { Entry, Store, StoreEvent } from '../store.js';
import type { Call } from './calls.js';
import { matches, type Off, type RequestMatch } from './faults.js';
import { type Form, includeOf, selection } from './lists.js';

export interface WatchRequest {
  readonly type: ResourceType;
  readonly version: Version;
  readonly namespace?: string | undefined;
  readonly query: URLSearchParams;
  readonly form: Form;
  readonly call: Call;
}

interface Stream {
  readonly request: WatchRequest;
  close(): void;
  cut(): void;
}

/** kube-apiserver closes watches after 30 to 60 minutes of its own accord. */
const longestSeconds = 45 * 60;
/** The last bookmark comes so long before the end. */
const beforeEndMs = 2_000;

export class Watches {
  private readonly streams = new Set<Stream>();
  private readonly silences = new Set<RequestMatch>();

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly bookmarkIntervalMs: number,
  ) {}

  open(request: WatchRequest, response: ServerResponse): void {
    const { type, version, namespace, query, form } = request;
    const wanted = selection(query, type);
    const inView: Predicate = (object) =>
      (!namespace || object.metadata.namespace === namespace) && (wanted ? wanted(object) : true);
    response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' });
    response.flushHeaders();
    let first = true;
    const write = (text: string): void => {
      if (!this.isSilent(request.call)) response.write(text);
    };
    const show = (kind: StoreEvent['kind'], entry: Entry): void => {
      write(this.line(kind, entry, request, first));
      first = false;
    };
    const deliver = (event: StoreEvent): void => {
      const kind = kindFor(event, inView);
      if (kind) show(kind, event.entry);
    };
    const timers = new Set<Timer>();
    const done = (): void => {
      stop();
      for (const timer of timers) timer.cancel();
      this.streams.delete(stream);
    };
    const stream: Stream = {
      request,
      close: () => {
        done();
        response.end();
      },
      cut: () => {
        done();
        response.destroy();
      },
    };
    let stop: () => void = () => undefined;
    response.on('close', done);
    this.streams.add(stream);

    const from = Number(query.get('resourceVersion') ?? '') || 0;
    const initial = query.get('sendInitialEvents') === 'true';
    if (from === 0 || initial) {
      for (const entry of this.store.list(type, namespace)) if (inView(entry.object)) show('ADDED', entry);
      if (initial) write(bookmark(type, version, this.store.rv, true));
    } else {
      const missed = this.store.since(type, from);
      if (!missed) {
        const error = expired(`too old resource version: ${from} (${this.store.oldest(type)})`);
        write(`${JSON.stringify({ type: 'ERROR', object: error.status() })}\n`);
        stream.close();
        return;
      }
      for (const event of missed) deliver(event);
    }
    const begun = this.store.rv;
    stop = this.store.listen(type, deliver);
    this.schedule(timers, this.timeLimit(query), () => stream.close());
    if (isTrue(query.get('allowWatchBookmarks')) && form === 'object') {
      // As kube-apiserver: at intervals, and once more shortly before the end.
      const last = this.clock.monotonic() + this.timeLimit(query) - beforeEndMs;
      const next = (): void => {
        const left = last - this.clock.monotonic();
        if (left <= 0) return;
        this.schedule(timers, Math.min(this.bookmarkIntervalMs, left), () => {
          // As there: none that tells nothing new.
          if (this.store.rv > begun) write(bookmark(type, version, this.store.rv, false));
          next();
        });
      };
      next();
    }
  }

  /** Ends the streams of a type that is no longer served. */
  closeType(key: string): void {
    for (const stream of this.streams) if (stream.request.type.key === key) stream.close();
  }

  /** @returns how many streams were cut */
  cut(match: RequestMatch): number {
    const chosen = [...this.streams].filter((stream) => matches(match, stream.request.call));
    for (const stream of chosen) stream.cut();
    return chosen.length;
  }

  silence(match: RequestMatch): Off {
    this.silences.add(match);
    return () => this.silences.delete(match);
  }

  private isSilent(call: Call): boolean {
    for (const match of this.silences) if (matches(match, call)) return true;
    return false;
  }

  private timeLimit(query: URLSearchParams): number {
    const seconds = Number(query.get('timeoutSeconds') ?? '');
    return (seconds > 0 ? seconds : longestSeconds) * 1000;
  }

  private schedule(timers: Set<Timer>, delayMs: number, run: () => void): void {
    const timer = this.clock.after(delayMs, () => {
      timers.delete(timer);
      run();
    });
    timers.add(timer);
  }

  private line(kind: StoreEvent['kind'], entry: Entry, request: WatchRequest, first: boolean): string {
    const { version, form, query } = request;
    if (form === 'object') return `{"type":"${kind}","object":${entry.text(version.name)}}\n`;
    const metadata = { resourceVersion: String(entry.rv) };
    const options = { now: this.clock.now(), include: includeOf(query), columns: first };
    const object =
      form === 'table'
        ? table([entry.view(version.name)], version, metadata, options)
        : partial(entry.object);
    return `${JSON.stringify({ type: kind, object })}\n`;
  }
}

/** What an event is to a watcher that sees only some objects. */
function kindFor(event: StoreEvent, inView: Predicate): StoreEvent['kind'] | undefined {
  const now = event.kind !== 'DELETED' && inView(event.entry.object);
  const before = event.previous !== undefined && inView(event.previous.object);
  if (now) return before ? 'MODIFIED' : 'ADDED';
  return before ? 'DELETED' : undefined;
}

function bookmark(type: ResourceType, version: Version, rv: number, initialEnd: boolean): string {
  const metadata: JsonObject = { resourceVersion: String(rv), creationTimestamp: null };
  if (initialEnd) metadata.annotations = { 'k8s.io/initial-events-end': 'true' };
  const object = { kind: type.kind, apiVersion: groupVersion(type.group, version.name), metadata };
  return `${JSON.stringify({ type: 'BOOKMARK', object })}\n`;
}

function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1';
}
