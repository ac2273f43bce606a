// A kind whose Teleport is a map: for tests of what is above the calls. It answers as a real server does
// where the reconciler depends on it: revisions, AlreadyExists, CompareFailed, NotFound.
import { clone, type Message } from '@bufbuild/protobuf';
import { type Call, tellsStored } from '../../src/kinds/calls.js';
import type { AnyKind } from '../../src/kinds/kind.js';
import { TeleportError } from '../../src/teleport/errors.js';

export interface MemoryTeleport {
  readonly resources: Map<string, Message>;
  /** Verbs that were called, in order. */
  readonly calls: string[];
  /** Called after a call of the verb. */
  readonly hooks: Partial<Record<'get' | 'create' | 'update' | 'delete', () => void>>;
  /** Thrown by the next call of the verb. */
  readonly failNext: Map<string, Error>;
}

/** The kind with its calls going to a map. */
export function inMemory(kind: AnyKind): { kind: AnyKind; teleport: MemoryTeleport } {
  const teleport: MemoryTeleport = { resources: new Map(), calls: [], failNext: new Map(), hooks: {} };
  let revision = 0;
  const verb = <Argument, Result>(
    name: 'get' | 'create' | 'update' | 'delete',
    run: (argument: Argument) => Result,
  ): Call<Argument, Result> => {
    const { method, ifAbsent } = kind.calls[name];
    const call: Pick<Call<Argument, Result>, 'run'> = {
      run: async (_client, argument) => {
        teleport.calls.push(name);
        const failure = teleport.failNext.get(name);
        teleport.failNext.delete(name);
        if (failure) throw failure;
        const result = run(argument);
        teleport.hooks[name]?.();
        return result;
      },
    };
    return { method, ...call, ...(ifAbsent && { ifAbsent: call }) };
  };
  const find = (name: string): Message => {
    const found = teleport.resources.get(name);
    if (!found) throw new TeleportError('NotFound', `${kind.resource.kind} ${name} is not found`);
    return found;
  };
  const store = (resource: Message): Message => {
    const stored = clone(kind.schema, resource);
    kind.defaults(stored);
    kind.form.setRevision(stored, `r${++revision}`);
    teleport.resources.set(kind.form.head(stored).name, stored);
    return clone(kind.schema, stored);
  };
  /** Some RPCs answer nothing, or nothing of use. */
  const told = (verb: 'create' | 'update', stored: Message): Message | undefined =>
    tellsStored(kind.calls[verb].method, kind.schema) ? stored : undefined;
  return {
    teleport,
    kind: {
      ...kind,
      calls: {
        get: verb('get', (name: string) => clone(kind.schema, find(name))),
        create: verb('create', (resource: Message) => {
          const { name } = kind.form.head(resource);
          if (teleport.resources.has(name))
            throw new TeleportError('AlreadyExists', `${name} already exists`);
          return told('create', store(resource));
        }),
        update: verb('update', (resource: Message) => {
          const existing = find(kind.form.head(resource).name);
          if (kind.form.revision(existing) !== kind.form.revision(resource)) {
            throw new TeleportError('CompareFailed', 'resource revision does not match');
          }
          return told('update', store(resource));
        }),
        delete: verb('delete', (name: string) => {
          find(name);
          teleport.resources.delete(name);
        }),
      },
    },
  };
}
