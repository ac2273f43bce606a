// What people do to Teleport behind the operator's back, and what the operator then tells: shared by the
// whole-operator tests about drift, adoption and conflicts.
import { expect } from 'vitest';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { Operation } from '../../src/gen/teleport/client/event_pb.js';
import type { RoleV6 } from '../../src/gen/teleport/types/role_pb.js';
import { eventually } from '../env/eventually.js';
import { type Scene, unique } from './scene.js';

export interface KubeEvent {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

/** Kubernetes Events about objects of that name. */
export async function eventsOf(scene: Scene, name: string): Promise<KubeEvent[]> {
  const all = (await scene.admin.list(
    `/api/v1/namespaces/${scene.namespace}/events`,
  )) as unknown as KubeEvent[];
  return all.filter(({ involvedObject }) => involvedObject.name === name);
}

/** Waits for an Event of that reason. */
export function untilEvent(scene: Scene, name: string, reason: string): Promise<KubeEvent> {
  return eventually(async () => {
    const events = await eventsOf(scene, name);
    const found = events.find((event) => event.reason === reason);
    if (!found) throw new Error(`no Event ${reason} about ${name}: ${JSON.stringify(events)}`);
    return found;
  });
}

/** Changes a role in Teleport as an administrator does. */
export async function editRole(scene: Scene, name: string, edit: (role: RoleV6) => void): Promise<void> {
  const role = await scene.teleport.admin.unary(AuthService.method.getRole, { Name: name });
  edit(role);
  await scene.teleport.admin.unary(AuthService.method.upsertRoleV2, { Role: role });
}

/** Makes a role in Teleport that no operator knows. */
export async function makeRole(
  scene: Scene,
  name: string,
  logins: string[],
  labels: Record<string, string> = {},
  version = 'v7',
): Promise<void> {
  await scene.teleport.admin.unary(AuthService.method.upsertRoleV2, {
    Role: {
      Kind: 'role',
      Version: version,
      Metadata: { Name: name, Namespace: 'default', Labels: labels },
      Spec: { Allow: { Logins: logins } },
    },
  });
}

export async function loginsOf(scene: Scene, name: string): Promise<string[] | undefined> {
  const role = (await scene.stored('TeleportRoleV7', name)) as RoleV6 | undefined;
  return role?.Spec?.Allow?.Logins;
}

export const logins = (...names: string[]) => ({ allow: { logins: names } });

/** Sets annotations below teleport.dev. */
export const annotate = (annotations: Readonly<Record<string, string | null>>) => ({
  annotations: Object.fromEntries(
    Object.entries(annotations).map(([name, value]) => [`teleport.dev/${name}`, value]),
  ),
});

/** Names of roles whose deletion Teleport tells of from now on. */
export function watchDeletions(scene: Scene): { readonly deleted: ReadonlySet<string>; end(): void } {
  const watching = new AbortController();
  const deleted = new Set<string>();
  const follow = async (): Promise<void> => {
    const request = { Kinds: [{ Kind: 'role' }] };
    const { signal } = watching;
    const { admin } = scene.teleport;
    for await (const { Type: type, Resource: resource } of admin.serverStream(
      AuthService.method.watchEvents,
      request,
      { signal },
    )) {
      if (type !== Operation.DELETE || resource.case !== 'ResourceHeader') continue;
      deleted.add(resource.value.Metadata?.Name ?? '');
    }
  };
  // it ends with the test
  void follow().catch(() => {});
  return { deleted, end: () => watching.abort() };
}

/** Makes roles by objects of the kind, as many as `count`, and waits for each. @returns their names */
export async function createRoles(scene: Scene, kind: string, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, () => unique('role'));
  for (const name of names) await scene.create(kind, name, logins('one'));
  for (const name of names) await scene.untilReady(kind, name);
  return names;
}

/** Waits until Teleport has these roles as createRoles made them. */
export const untilRolesStored = (scene: Scene, names: readonly string[]): Promise<void> =>
  eventually(async () => {
    for (const name of names) expect(await loginsOf(scene, name)).toEqual(['one']);
  });
