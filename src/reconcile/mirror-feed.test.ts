// How the mirror is kept: lists and the stream of events, in virtual time over a client that answers as told.
import { create, type DescMethod } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../core/log.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { type Event, EventSchema, Operation } from '../gen/teleport/client/event_pb.js';
import { type RoleV6, RoleV6Schema } from '../gen/teleport/types/role_pb.js';
import { githubConnector } from '../kinds/github-connector.js';
import { opensshServer } from '../kinds/openssh-server.js';
import { roleV7 } from '../kinds/role.js';
import type { TeleportClient } from '../teleport/client.js';
import { TeleportError } from '../teleport/errors.js';
import { Mirror, type Shift } from './mirror.js';
import { feedMirror } from './mirror-feed.js';
import { originLabel } from './names.js';
import { Rights } from './rights.js';

const role = (Name: string, login: string): RoleV6 =>
  create(RoleV6Schema, {
    Kind: 'role',
    Version: 'v7',
    Metadata: { Name, Labels: { [originLabel]: 'kubernetes' }, Revision: `${Name} ${login}` },
    Spec: { Allow: { Logins: [login] } },
  });

/** A stream that the test writes to. */
class Pipe {
  readonly #events: (Event | Error)[] = [];
  #wake: () => void = () => {};

  push(event: Event | Error): void {
    this.#events.push(event);
    this.#wake();
  }

  async *read(signal: AbortSignal | undefined): AsyncGenerator<Event> {
    signal?.addEventListener('abort', () => this.#wake(), { once: true });
    for (;;) {
      if (signal?.aborted) return;
      const event = this.#events.shift();
      if (event instanceof Error) throw event;
      if (event) yield event;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

function world(failing = new Map<string, TeleportError>(), isUsed: (kind: string) => boolean = () => true) {
  const clock = new VirtualClock();
  const roles = new Map<string, RoleV6>();
  const calls: string[] = [];
  const pipes: Pipe[] = [];
  /** What the answers of the next lists of roles wait for. */
  const gates: Promise<void>[] = [];
  const client = {
    unary: async (method: DescMethod) => {
      calls.push(method.name);
      const failure = failing.get(method.name);
      if (failure) throw failure;
      if (method.name !== 'ListRoles') return { GithubConnectors: [] };
      const answer = { Roles: [...roles.values()], NextKey: '' };
      await gates.shift();
      return answer;
    },
    serverStream: (_method: DescMethod, _request: unknown, { signal }: { signal?: AbortSignal }) => {
      const pipe = new Pipe();
      pipes.push(pipe);
      return pipe.read(signal);
    },
  } as unknown as TeleportClient;
  const mirror = new Mirror([roleV7, githubConnector, opensshServer]);
  const shifts: string[] = [];
  mirror.subscribe(({ name, before, after }: Shift) => {
    shifts.push(`${name} ${before ? (after ? 'changed' : 'went') : 'came'}`);
  });
  const rights = new Rights(() => ({ roles: ['operator'] }));
  let rightsTold = 0;
  rights.subscribe(() => rightsTold++);
  const stop = new AbortController();
  const running = feedMirror(
    { mirror, rights, teleport: client, clock, log: silentLogger, isUsed },
    stop.signal,
  );
  const begin = (...kinds: string[]): void =>
    pipes.at(-1)?.push(
      create(EventSchema, {
        Type: Operation.INIT,
        Resource: { case: 'WatchStatus', value: { Spec: { Kinds: kinds.map((Kind) => ({ Kind })) } } },
      }),
    );
  return {
    clock,
    roles,
    calls,
    failing,
    gates,
    pipes,
    mirror,
    rights,
    rightsTold: () => rightsTold,
    shifts,
    begin,
    put: (resource: RoleV6) =>
      pipes
        .at(-1)
        ?.push(create(EventSchema, { Type: Operation.PUT, Resource: { case: 'Role', value: resource } })),
    remove: (Name: string) =>
      pipes.at(-1)?.push(
        create(EventSchema, {
          Type: Operation.DELETE,
          Resource: { case: 'ResourceHeader', value: { Kind: 'role', Metadata: { Name } } },
        }),
      ),
    count: (name: string) => calls.filter((call) => call === name).length,
    stop: async () => {
      stop.abort();
      await clock.advance(1);
      await running;
    },
  };
}

describe('the mirror', () => {
  it('is filled by a list when the stream begins, and kept by its events', async () => {
    const { clock, roles, mirror, shifts, begin, put, remove, stop } = world();
    roles.set('a', role('a', 'one'));
    await clock.advance(1);
    begin('role');
    await clock.advance(1);
    expect(mirror.get('role', 'a')?.ours).toBe(true);
    put(role('b', 'one'));
    put(role('b', 'two'));
    put(role('b', 'two'));
    remove('a');
    await clock.advance(1);
    expect(shifts).toEqual(['a came', 'b came', 'b changed', 'a went']);
    expect(mirror.get('role', 'a')).toBeUndefined();
    await stop();
  });

  it('answers nothing while the stream is broken, and tells afterwards what changed meanwhile', async () => {
    const { clock, roles, mirror, shifts, begin, pipes, stop } = world();
    roles.set('a', role('a', 'one'));
    roles.set('b', role('b', 'one'));
    await clock.advance(1);
    begin('role');
    await clock.advance(1);
    shifts.length = 0;
    pipes.at(-1)?.push(new TeleportError('Unavailable', 'gone'));
    await clock.advance(1);
    expect(mirror.get('role', 'a')).toBeUndefined();
    roles.set('a', role('a', 'two'));
    roles.delete('b');
    await clock.advance(1_000);
    begin('role');
    await clock.advance(1);
    expect(shifts).toEqual(['a changed', 'b went']);
    expect(mirror.get('role', 'a')).toBeDefined();
    await stop();
  });

  it('is listed again and again where that fails, though the stream covers the kind', async () => {
    const { clock, mirror, begin, failing, count, stop } = world();
    failing.set('ListRoles', new TeleportError('Unavailable', 'too busy'));
    await clock.advance(1);
    begin('role');
    await clock.advance(3_000);
    expect(count('ListRoles')).toBeGreaterThan(2);
    expect(mirror.isCurrent('role')).toBe(false);
    expect(mirror.isOff('role')).toBe(false);
    expect(mirror.problem('role')).toContain('too busy');
    failing.clear();
    await clock.advance(5_000);
    expect(mirror.isCurrent('role')).toBe(true);
    expect(mirror.problem('role')).toBeUndefined();
    const lists = count('ListRoles');
    await clock.advance(600_000);
    expect(count('ListRoles')).toBe(lists);
    await stop();
  });

  it('is off where Teleport refuses the list or has none, and not asked for in a circle', async () => {
    const { clock, mirror, begin, count, stop } = world(
      new Map([['GetGithubConnectors', new TeleportError('AccessDenied', 'no')]]),
    );
    await clock.advance(1);
    begin('role');
    await clock.advance(1);
    await mirror.whenSettled();
    expect([mirror.isOff('github'), mirror.isOff('node'), mirror.isOff('role')]).toEqual([true, true, false]);
    expect(['github', 'node', 'role'].map((kind) => mirror.problem(kind))).toEqual([
      'no',
      undefined,
      undefined,
    ]);
    await clock.advance(240_000);
    expect(count('GetGithubConnectors')).toBe(1);
    await stop();
  });

  it('is listed again within seconds once a role of the operator’s changes, and not because of another one', async () => {
    const { clock, mirror, failing, begin, put, count, stop } = world(
      new Map([['GetGithubConnectors', new TeleportError('AccessDenied', 'no')]]),
    );
    await clock.advance(1);
    begin('role');
    await clock.advance(1);
    expect(mirror.problem('github')).toBe('no');
    for (let i = 0; i < 10; i++) {
      put(role('other', `${i}`));
      await clock.advance(1_000);
    }
    expect(count('GetGithubConnectors')).toBe(1);
    for (let i = 0; i < 10; i++) {
      put(role('operator', `${i}`));
      await clock.advance(1_000);
    }
    expect(count('GetGithubConnectors')).toBeLessThanOrEqual(4);
    await clock.advance(20_000);
    const before = count('GetGithubConnectors');
    failing.clear();
    put(role('operator', 'more'));
    await clock.advance(5_001);
    expect(count('GetGithubConnectors')).toBe(before + 1);
    expect(mirror.problem('github')).toBeUndefined();
    await stop();
  });

  it('tells that the operator may do more where one of its roles changes, or what was forbidden can be listed', async () => {
    const { clock, failing, begin, put, remove, rightsTold, stop } = world(
      new Map([['GetGithubConnectors', new TeleportError('AccessDenied', 'no')]]),
    );
    await clock.advance(1);
    begin('role');
    put(role('other', 'one'));
    await clock.advance(1);
    expect(rightsTold()).toBe(0);
    put(role('operator', 'one'));
    remove('operator');
    await clock.advance(1);
    expect(rightsTold()).toBe(2);
    // Of the change of a role nobody tells: it happened while there was no stream.
    await clock.advance(10_000);
    failing.clear();
    await clock.advance(300_000);
    expect(rightsTold()).toBe(3);
    await clock.advance(300_000);
    expect(rightsTold()).toBe(3);
    await stop();
  });

  it('is watched soon where the stream did not cover a kind at first, and a role of the operator’s changes', async () => {
    const { clock, begin, rights, pipes, put, count, stop } = world();
    await clock.advance(1);
    begin('github');
    await clock.advance(30_000);
    for (let i = 0; i < 5; i++) {
      rights.roleChanged('operator');
      await clock.advance(1_000);
    }
    await clock.advance(1_000);
    expect(pipes).toHaveLength(2);
    begin('github', 'role');
    await clock.advance(1);
    const lists = count('ListRoles');
    put(role('operator', 'more'));
    await clock.advance(600_000);
    expect(count('ListRoles')).toBe(lists);
    expect(pipes).toHaveLength(2);
    await stop();
  });

  it('that the server does not have is not asked for again because a role changed', async () => {
    const { clock, begin, put, count, stop } = world(
      new Map([['GetGithubConnectors', new TeleportError('NotImplemented', 'no')]]),
    );
    await clock.advance(1);
    begin('role');
    await clock.advance(1);
    put(role('operator', 'more'));
    await clock.advance(240_000);
    expect(count('GetGithubConnectors')).toBe(1);
    await stop();
  });

  it('of a kind that is not in the stream is listed every two minutes', async () => {
    const { clock, begin, count, stop } = world();
    await clock.advance(1);
    begin('role');
    await clock.advance(1);
    expect(count('GetGithubConnectors')).toBe(1);
    await clock.advance(120_000);
    expect(count('GetGithubConnectors')).toBe(2);
    expect(count('ListRoles')).toBe(1);
    await stop();
  });

  it('of a kind that nobody uses is listed each quarter of an hour, and soon when somebody does', async () => {
    let used = false;
    const { clock, count, stop } = world(new Map(), () => used);
    await clock.advance(6_000);
    const first = count('GetGithubConnectors');
    await clock.advance(840_000);
    expect(count('GetGithubConnectors')).toBe(first);
    await clock.advance(120_000);
    expect(count('GetGithubConnectors')).toBe(first + 1);
    used = true;
    await clock.advance(120_000);
    expect(count('GetGithubConnectors')).toBe(first + 2);
    await stop();
  });

  it('believes an event rather than a list that was read meanwhile', async () => {
    const { clock, roles, mirror, begin, put, stop } = world();
    roles.set('a', role('a', 'old'));
    await clock.advance(1);
    begin('role');
    put(role('a', 'new'));
    await clock.advance(1);
    expect(mirror.get('role', 'a')?.revision).toBe('a new');
    await stop();
  });

  it('believes an event rather than either of two lists that were read meanwhile', async () => {
    const { clock, roles, mirror, gates, begin, put, stop } = world();
    roles.set('a', role('a', 'old'));
    let release = (): void => {};
    gates.push(new Promise<void>((resolve) => (release = resolve)));
    // The stream is late, so the kind is listed without it, slowly; then the stream lists it too.
    await clock.advance(5_001);
    begin('role');
    await clock.advance(1);
    put(role('a', 'new'));
    await clock.advance(1);
    release();
    await clock.advance(1);
    expect(mirror.get('role', 'a')?.revision).toBe('a new');
    await stop();
  });
});
