// Answers get and list, as objects or as tables, with pages.
import { ApiError, badRequest, expired, notFound } from '../errors.js';
import { groupVersion, type ResourceType, subject, type Version } from '../kinds/resource-type.js';
import { type IncludeObject, partial, table } from '../print/table.js';
import { fieldSelector, labelSelector, type Predicate } from '../selectors.js';
import type { Entry, Store } from '../store.js';

export interface ReadTarget {
  readonly type: ResourceType;
  readonly version: Version;
  readonly namespace?: string | undefined;
}

/** How the answer is to look. */
export type Form = 'object' | 'table' | 'metadata';

export function formOf(accept: string): Form {
  const first = accept.split(',')[0] ?? '';
  if (first.includes('as=Table')) return 'table';
  return first.includes('as=PartialObjectMetadata') ? 'metadata' : 'object';
}

export function includeOf(query: URLSearchParams): IncludeObject {
  const wanted = query.get('includeObject');
  return wanted === 'Object' || wanted === 'None' ? wanted : 'Metadata';
}

/** The selectors of a request as one predicate, or undefined when it has none. */
export function selection(query: URLSearchParams, type: ResourceType): Predicate | undefined {
  const labels = query.get('labelSelector');
  const fields = query.get('fieldSelector');
  const tests = [
    labels ? labelSelector(labels) : undefined,
    fields ? fieldSelector(fields, type) : undefined,
  ];
  const active = tests.filter((test) => test !== undefined);
  return active.length === 0 ? undefined : (object) => active.every((test) => test(object));
}

interface Snapshot {
  readonly entries: readonly Entry[];
  readonly rv: number;
  readonly epoch: number;
}

/** Pages that may be open at a time; the oldest is forgotten first, as after a compaction. */
const openLists = 64;

export class Lists {
  private readonly snapshots = new Map<string, Snapshot>();
  private serial = 0;

  constructor(
    private readonly store: Store,
    private readonly now: () => number,
  ) {}

  get(target: ReadTarget, name: string, query: URLSearchParams, form: Form): string {
    const entry = this.store.get(target.type, target.namespace, name);
    if (!entry) throw notFound(subject(target.type, name));
    return this.one(entry, target.version, query, form);
  }

  /** One object in the wanted form. */
  one(entry: Entry, version: Version, query: URLSearchParams, form: Form): string {
    if (form === 'object') return entry.text(version.name);
    if (form === 'metadata') return JSON.stringify(partial(entry.object));
    const metadata = { resourceVersion: entry.object.metadata.resourceVersion };
    const options = { now: this.now(), include: includeOf(query) };
    return JSON.stringify(table([entry.view(version.name)], version, metadata, options));
  }

  /** @throws ApiError 400, 410 for a page that is too old, 504 for a version of the future */
  list(target: ReadTarget, query: URLSearchParams, form: Form): string {
    const limit = numberOf(query, 'limit');
    const rv = numberOf(query, 'resourceVersion');
    if (rv > this.store.rv) {
      const text = `Timeout: Too large resource version: ${rv}, current: ${this.store.rv}`;
      const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
      throw new ApiError(504, 'Timeout', text, { causes, retryAfterSeconds: 1 }, 1);
    }
    const page = this.page(target, query, limit);
    const metadata: Record<string, unknown> = { resourceVersion: String(page.rv) };
    if (page.next !== undefined) metadata.continue = page.next;
    if (page.remaining !== undefined) metadata.remainingItemCount = page.remaining;
    return this.render(target, page.entries, metadata, query, form);
  }

  private page(
    target: ReadTarget,
    query: URLSearchParams,
    limit: number,
  ): { entries: readonly Entry[]; rv: number; next?: string; remaining?: number } {
    const token = query.get('continue');
    const { snapshot, start, id } = token ? this.resume(token) : this.begin(target, query);
    if (limit <= 0) return { entries: snapshot.entries.slice(start), rv: snapshot.rv };
    const entries = snapshot.entries.slice(start, start + limit);
    const remaining = snapshot.entries.length - start - entries.length;
    if (remaining <= 0) {
      this.snapshots.delete(id);
      return { entries, rv: snapshot.rv };
    }
    this.keep(id, snapshot);
    const next = Buffer.from(
      JSON.stringify({ v: 'sandbox/v1', id, rv: snapshot.rv, start: start + limit }),
    ).toString('base64url');
    const selected = query.get('labelSelector') || query.get('fieldSelector');
    return { entries, rv: snapshot.rv, next, ...(!selected && { remaining }) };
  }

  private begin(
    target: ReadTarget,
    query: URLSearchParams,
  ): { snapshot: Snapshot; start: number; id: string } {
    const wanted = selection(query, target.type);
    const all = this.store.list(target.type, target.namespace);
    const entries = wanted ? all.filter((entry) => wanted(entry.object)) : all;
    this.serial += 1;
    return {
      snapshot: { entries, rv: this.store.rv, epoch: this.store.epoch },
      start: 0,
      id: String(this.serial),
    };
  }

  private resume(token: string): { snapshot: Snapshot; start: number; id: string } {
    let parsed: { id?: unknown; start?: unknown };
    try {
      parsed = JSON.parse(Buffer.from(token, 'base64url').toString()) as { id?: unknown; start?: unknown };
    } catch {
      throw badRequest('invalid continue token: continue key is not valid');
    }
    const snapshot = typeof parsed.id === 'string' ? this.snapshots.get(parsed.id) : undefined;
    if (!snapshot || snapshot.epoch !== this.store.epoch || typeof parsed.start !== 'number') {
      throw expired(
        'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.',
      );
    }
    return { snapshot, start: parsed.start, id: String(parsed.id) };
  }

  private keep(id: string, snapshot: Snapshot): void {
    this.snapshots.delete(id);
    this.snapshots.set(id, snapshot);
    const [oldest] = this.snapshots.keys();
    if (this.snapshots.size > openLists && oldest !== undefined) this.snapshots.delete(oldest);
  }

  private render(
    { type, version }: ReadTarget,
    entries: readonly Entry[],
    metadata: Record<string, unknown>,
    query: URLSearchParams,
    form: Form,
  ): string {
    if (form === 'table') {
      const objects = entries.map((entry) => entry.view(version.name));
      return JSON.stringify(
        table(objects, version, metadata, { now: this.now(), include: includeOf(query) }),
      );
    }
    const plain = form === 'object';
    const kind = plain ? type.listKind : 'PartialObjectMetadataList';
    const apiVersion = plain ? groupVersion(type.group, version.name) : 'meta.k8s.io/v1';
    const items = entries.map((entry) =>
      plain ? entry.itemText(version.name) : JSON.stringify(partial(entry.object)),
    );
    const head = JSON.stringify({ kind, apiVersion, metadata });
    return `${head.slice(0, -1)},"items":[${items.join(',')}]}`;
  }
}

function numberOf(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  if (text !== '' && !/^\d+$/.test(text))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}
