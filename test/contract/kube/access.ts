// Who may do what: service accounts under RBAC, their tokens, and the keys that verify these.
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import type { KubeClient, Stored } from '../../../src/kube/client.js';
import type { KubeObject } from '../../../src/kube/object.js';
import { eventually } from '../../env/eventually.js';
import { ensure } from '../../env/kube-admin.js';
import { expectRefusal, leases, unique, user, users, usersPath } from './objects.js';
import { type ContractServer, room } from './server.js';

const group = 'rbac.authorization.k8s.io';
const path = `/apis/${group}/v1/namespaces/${room}`;

export function accessContract(server: () => ContractServer): void {
  /** A service account's client, under a Role with these rules. */
  const clientWith = async (rules: object[]): Promise<{ client: KubeClient; name: string }> => {
    const name = unique('sa');
    const client = await server().clientFor(room, name);
    const { admin } = server();
    const metadata = { name };
    await ensure(admin, `${path}/roles`, { apiVersion: `${group}/v1`, kind: 'Role', metadata, rules });
    await ensure(admin, `${path}/rolebindings`, {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: group, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: room }],
    });
    return { client, name };
  };
  const mayList = {
    apiGroups: ['resources.teleport.dev'],
    resources: ['teleportusers'],
    verbs: ['get', 'list'],
  };

  describe('RBAC', () => {
    it('forbids what no role allows, in words that name it', async () => {
      const client = await server().clientFor(room, unique('nobody'));
      const text =
        /^teleportusers.resources.teleport.dev is forbidden: User "system:serviceaccount:contract:nobody-\w+" cannot list resource "teleportusers" in API group "resources.teleport.dev" in the namespace "contract"$/;
      await expectRefusal(client.list(users, { namespace: room }), 'Forbidden', text);
      await expectRefusal(client.list(users), 'Forbidden', /at the cluster scope$/);
    });

    it('allows what a role allows, and no more', async () => {
      const { client } = await clientWith([mayList]);
      // Bindings reach a real server's authorizer through a watch of its own.
      await eventually(() => client.list(users, { namespace: room }));
      await expectRefusal(
        client.list(users, { namespace: 'default' }),
        'Forbidden',
        /in the namespace "default"$/,
      );
      await expectRefusal(
        client.create(users, user(unique('x'))),
        'Forbidden',
        /cannot create resource "teleportusers"/,
      );
      await expectRefusal(
        client.get(leases, { namespace: room, name: 'x' }),
        'Forbidden',
        /leases.coordination.k8s.io "x" is forbidden/,
      );
    });

    it('tells status from the object', async () => {
      const verbs = ['get', 'patch', 'update'];
      const rule = { apiGroups: ['resources.teleport.dev'], resources: ['teleportusers/status'], verbs };
      const { client } = await clientWith([mayList, rule]);
      await eventually(() => client.list(users, { namespace: room }));
      const { metadata } = await server().client.create(users, user(unique('x')));
      const body = { status: { observedGeneration: 1 } };
      const patched = await client.patch(users, metadata, { type: 'merge', body }, { subresource: 'status' });
      expect(patched.status).toEqual({ observedGeneration: 1 });
      const spec = client.patch(users, metadata, { type: 'merge', body: { spec: { roles: ['x'] } } });
      await expectRefusal(spec, 'Forbidden', /cannot patch resource "teleportusers"/);
    });

    it('lets everybody discover', async () => {
      const client = await server().clientFor(room, unique('nobody'));
      expect(await client.discover('resources.teleport.dev', 'v2')).toBeDefined();
    });

    it('lets an apply make what may be created by that name, and nothing else', async () => {
      const secrets = { group: '', version: 'v1', plural: 'secrets' };
      const [own, other] = [unique('own'), unique('other')];
      const rule = { apiGroups: [''], resources: ['secrets'], resourceNames: [own, other] };
      const secret = (name: string) => ({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { namespace: room, name },
        data: { key: 'b25l' },
      });
      const apply = (client: KubeClient, name: string) =>
        client.patch(
          secrets,
          { namespace: room, name },
          { type: 'apply', fieldManager: 'suite', body: secret(name) },
        );
      const { client: maker } = await clientWith([
        { ...rule, resourceNames: [own], verbs: ['create', 'patch'] },
        { ...rule, resourceNames: [other], verbs: ['patch'] },
      ]);
      await eventually(() => apply(maker, own));
      await apply(maker, own);
      const merge = {
        type: 'merge',
        fieldManager: 'suite',
        body: { data: { key: 'dHdv', more: 'b25l' } },
      } as const;
      const merged = await maker.patch<Stored & { data?: object }>(
        secrets,
        { namespace: room, name: own },
        merge,
      );
      expect(merged.data).toEqual({ key: 'dHdv', more: 'b25l' });
      await expectRefusal(apply(maker, other), 'Forbidden', /cannot create resource "secrets"/);
      await expectRefusal(apply(maker, unique('third')), 'Forbidden', /cannot patch resource "secrets"/);
      // the name of what is posted is not known when the right is looked for
      await expectRefusal(
        maker.create(secrets, secret(own)),
        'Forbidden',
        /cannot create resource "secrets"/,
      );
    });

    it('says whether one may', async () => {
      const ask = async (verb: string, subject: string): Promise<unknown> => {
        const resourceAttributes = {
          verb,
          group: 'resources.teleport.dev',
          resource: 'teleportusers',
          namespace: room,
        };
        const answer = await server().raw('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
          body: {
            apiVersion: 'authorization.k8s.io/v1',
            kind: 'SubjectAccessReview',
            spec: { user: subject, resourceAttributes },
          },
        });
        return (answer.json().status as { allowed: boolean }).allowed;
      };
      const { client, name } = await clientWith([mayList]);
      await eventually(() => client.list(users, { namespace: room }));
      const account = `system:serviceaccount:${room}:${name}`;
      expect([await ask('list', account), await ask('delete', account)]).toEqual([true, false]);
    });
  });

  it('says what one may oneself, to whoever asks', async () => {
    const { client } = await clientWith([mayList]);
    await eventually(() => client.list(users, { namespace: room }));
    const may = async (verb: string, subresource?: string): Promise<boolean> => {
      const resource = { group: 'resources.teleport.dev', resource: 'teleportusers', subresource };
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        metadata: {},
        spec: { resourceAttributes: { ...resource, verb, namespace: room } },
      } as unknown as KubeObject;
      const answer = await client.create(
        { group: 'authorization.k8s.io', version: 'v1', plural: 'selfsubjectaccessreviews' },
        review,
      );
      return (answer.status as { allowed: boolean }).allowed;
    };
    expect([await may('list'), await may('list', 'status'), await may('delete')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('shows a namespace to those who may, and says when there is none', async () => {
    const namespaces = { group: '', version: 'v1', plural: 'namespaces' };
    expect((await server().client.get(namespaces, { name: room })).metadata.name).toBe(room);
    await expectRefusal(
      server().client.get(namespaces, { name: 'nowhere' }),
      'NotFound',
      /^namespaces "nowhere" not found$/,
    );
    const { client } = await clientWith([mayList]);
    await expectRefusal(
      client.get(namespaces, { name: room }),
      'Forbidden',
      /^namespaces "contract" is forbidden/,
    );
  });

  describe('service account tokens', () => {
    it('are bound to a Pod and verified by the published keys', async () => {
      const { running } = server();
      const name = unique('sa');
      const token = await running.serviceAccountToken(room, name, {
        audience: 'suite.example.dev',
        expirationSeconds: 600,
      });
      const keys = createLocalJWKSet(JSON.parse(await running.jwks()) as JSONWebKeySet);
      const { payload } = await jwtVerify(token, keys, { audience: 'suite.example.dev' });
      expect(payload.sub).toBe(`system:serviceaccount:${room}:${name}`);
      expect(payload['kubernetes.io']).toMatchObject({
        namespace: room,
        serviceaccount: { name },
        pod: { name: expect.any(String) },
      });
      expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(600);
    });

    it('are recognized for their audience alone', async () => {
      const name = unique('sa');
      const token = await server().running.serviceAccountToken(room, name, {
        audience: 'suite.example.dev',
        expirationSeconds: 600,
      });
      const review = async (audience: string): Promise<unknown> => {
        const answer = await server().raw('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
          body: {
            apiVersion: 'authentication.k8s.io/v1',
            kind: 'TokenReview',
            spec: { token, audiences: [audience] },
          },
        });
        return answer.json().status;
      };
      expect(await review('suite.example.dev')).toMatchObject({
        authenticated: true,
        audiences: ['suite.example.dev'],
        user: { username: `system:serviceaccount:${room}:${name}` },
      });
      expect((await review('elsewhere.dev')) as object).not.toHaveProperty('authenticated', true);
    });

    it('are issued on request, not for Pods that are missing', async () => {
      const name = unique('sa');
      await server().clientFor(room, name);
      const url = `/api/v1/namespaces/${room}/serviceaccounts/${name}/token`;
      const request = (spec: object): object => ({
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec,
      });
      const good = await server().raw('POST', url, {
        body: request({ audiences: ['a'], expirationSeconds: 600 }),
      });
      expect(good.status).toBe(201);
      expect(good.json().status).toMatchObject({
        token: expect.stringMatching(/^ey/),
        expirationTimestamp: expect.stringMatching(/Z$/),
      });
      const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'missing' };
      const bad = await server().raw('POST', url, { body: request({ audiences: ['a'], boundObjectRef }) });
      expect(bad.status).toBe(404);
    });

    it('are refused when they are none of ours', async () => {
      const answer = await fetchWith(server(), 'nonsense');
      expect(answer).toBe(401);
    });
  });
}

/** The status of a request with a bearer token. */
async function fetchWith(server: ContractServer, token: string): Promise<number> {
  const { request } = await import('node:https');
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    request(new URL(usersPath, server.running.url), { ca: server.running.ca, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}
