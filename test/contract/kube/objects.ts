// The objects that the cases make, and what they expect of refusals.
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { KubeError, type KubeErrorKind } from '../../../src/kube/errors.js';
import type { ApiResource, KubeObject, ObjectMeta } from '../../../src/kube/object.js';
import { room } from './server.js';

const group = 'resources.teleport.dev';

export const users: ApiResource = { group, version: 'v2', plural: 'teleportusers' };
export const rolesV5: ApiResource = { group, version: 'v5', plural: 'teleportroles' };
export const rolesV6: ApiResource = { group, version: 'v6', plural: 'teleportroles' };
export const leases: ApiResource = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' };
export const events: ApiResource = { group: '', version: 'v1', plural: 'events' };
export const secrets: ApiResource = { group: '', version: 'v1', plural: 'secrets' };

export const usersPath = `/apis/${group}/v2/namespaces/${room}/teleportusers`;

/** A name that is used once: all cases share one server. */
export function unique(prefix: string): string {
  return `${prefix}-${randomBytes(4).toString('hex')}`;
}

/** A TeleportUser. */
export function user(
  name: string,
  spec: object = { roles: ['access'] },
  meta: Partial<ObjectMeta> = {},
): KubeObject {
  return {
    apiVersion: `${group}/v2`,
    kind: 'TeleportUser',
    metadata: { name, namespace: room, ...meta },
    spec: { ...spec },
  };
}

/** A condition as the schema demands it. */
export function condition(type: string, status: string, reason = 'Test'): Record<string, unknown> {
  return { type, status, reason, message: 'a test', lastTransitionTime: '2026-01-01T00:00:00Z' };
}

/** Asserts that a call is refused with this kind and a text that matches. */
export async function expectRefusal(
  call: Promise<unknown>,
  kind: KubeErrorKind,
  text: RegExp = /./,
): Promise<KubeError> {
  const error = await call.then(
    (reply) => expect.fail(`answered ${JSON.stringify(reply)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof KubeError)) throw error;
  expect({ kind: error.kind, text: error.message }).toEqual({ kind, text: expect.stringMatching(text) });
  return error;
}
