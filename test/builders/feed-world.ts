// The mirror's feed in virtual time, over a client that answers as told and streams that the test writes to.
import { create, type DescMethod } from '@bufbuild/protobuf';
import { silentLogger } from '../../src/core/log.js';
import { VirtualClock } from '../../src/core/virtual-clock.js';
import { type Event, EventSchema, Operation } from '../../src/gen/teleport/client/event_pb.js';
import { type RoleV6, RoleV6Schema } from '../../src/gen/teleport/types/role_pb.js';
import { githubConnector } from '../../src/kinds/github-connector.js';
import { opensshServer } from '../../src/kinds/openssh-server.js';
import { roleV7 } from '../../src/kinds/role.js';
import { Mirror, type Shift } from '../../src/reconcile/mirror.js';
import { feedMirror } from '../../src/reconcile/mirror-feed.js';
import { originLabel } from '../../src/reconcile/names.js';
import { Rights } from '../../src/reconcile/rights.js';
import type { TeleportClient } from '../../src/teleport/client.js';
import type { TeleportError } from '../../src/teleport/errors.js';

/** A role of the operator's with that login. */
export const role = (Name: string, login: string): RoleV6 =>
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

export function feedWorld(
  failing = new Map<string, TeleportError>(),
  isUsed: (kind: string) => boolean = () => true,
) {
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
