// The objects of the load, and the requests that make, change and delete them: half roles, half users, as many
// at a time as is allowed.
import { readFileSync } from 'node:fs';
import type { KubeAdmin } from '../test/env/kube-admin.js';

/** What makes one object; `round` changes its spec. */
export interface Recipe {
  readonly kind: string;
  readonly apiVersion: string;
  readonly plural: string;
  spec(round: number, index: number): object;
}

export const role: Recipe = {
  kind: 'TeleportRoleV7',
  apiVersion: 'resources.teleport.dev/v1',
  plural: 'teleportrolesv7',
  spec: (round, index) => ({
    allow: {
      logins: [`login-${round}`, '{{internal.logins}}'],
      node_labels: { team: [`team-${index % 50}`], env: ['dev', 'staging'] },
      rules: [{ resources: ['session'], verbs: ['list', 'read'] }],
    },
    options: { max_session_ttl: '8h0m0s' },
  }),
};

export const user: Recipe = {
  kind: 'TeleportUser',
  apiVersion: 'resources.teleport.dev/v2',
  plural: 'teleportusers',
  spec: (round, index) => ({
    roles: ['access'],
    traits: { logins: [`login-${round}`, 'root'], team: [`team-${index % 50}`] },
  }),
};

/** A user whose role nobody makes: every second one waits for the same as others, the rest each for its own. */
export const brokenUser: Recipe = {
  ...user,
  spec: (_round, index) => ({
    roles: [index % 2 === 0 ? 'a-role-that-nobody-makes' : `nobody-makes-${index}`],
  }),
};

/** All of them look their secret up in one Secret. */
export const connector: Recipe = {
  kind: 'TeleportGithubConnector',
  apiVersion: 'resources.teleport.dev/v3',
  plural: 'teleportgithubconnectors',
  spec: (round) => ({
    client_id: `id-${round}`,
    client_secret: 'secret://bench-client/secret',
    display: 'GitHub',
    redirect_url: 'https://teleport.example.com/v1/webapi/github/callback',
    teams_to_roles: [{ organization: 'acme', team: 'all', roles: ['access'] }],
  }),
};

/** Roles and users in turn. */
export const mixed: readonly Recipe[] = [role, user];

/** One object of the load. */
export interface Item {
  readonly recipe: Recipe;
  readonly name: string;
  readonly index: number;
}

export function items(count: number, prefix: string, recipes: readonly Recipe[] = mixed): Item[] {
  return Array.from({ length: count }, (_, index) => ({
    recipe: recipes[index % recipes.length] ?? role,
    name: `${prefix}-${index}`,
    index,
  }));
}

export function collection({ apiVersion, plural }: Recipe, namespace: string): string {
  return `/apis/${apiVersion}/namespaces/${namespace}/${plural}`;
}

export function bodyOf({ recipe, name, index }: Item, namespace: string, round = 0): object {
  const { apiVersion, kind } = recipe;
  return { apiVersion, kind, metadata: { name, namespace }, spec: recipe.spec(round, index) };
}

export class Writer {
  constructor(
    private readonly admin: KubeAdmin,
    private readonly namespace: string,
    readonly concurrency: number,
  ) {}

  create(item: Item): Promise<unknown> {
    return this.admin.create(collection(item.recipe, this.namespace), bodyOf(item, this.namespace));
  }

  update(item: Item, round: number): Promise<unknown> {
    const { recipe, index } = item;
    return this.admin.patch(this.#path(item), { spec: recipe.spec(round, index) });
  }

  remove(item: Item): Promise<unknown> {
    return this.admin.remove(this.#path(item));
  }

  #path({ recipe, name }: Item): string {
    return `${collection(recipe, this.namespace)}/${name}`;
  }
}

/** Runs `work` for each, so many at a time. */
export async function each<T>(
  list: readonly T[],
  concurrency: number,
  work: (one: T) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let one = list[next++]; one !== undefined; one = list[next++]) await work(one);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, list.length) }, worker));
}

/** The machine's load at this moment, told with the figures. */
export function loadAverage(): number {
  return Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);
}
