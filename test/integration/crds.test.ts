// The generated CRDs in a server: they are structural, they take and keep what the Go operator's CRDs take,
// leave to the codec what a schema can't say, and help in `kubectl explain` and `kubectl get`.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.js';
import type { KubeObject } from '../../src/kube/object.js';
import { crds, installCrds } from '../env/crds.js';
import { kubeServers } from '../env/index.js';
import { ensure, type KubeAdmin, openKube } from '../env/kube-admin.js';
import { findKubectl } from '../env/kubeconfig.js';
import type { RunningKube } from '../env/types.js';

const run = promisify(execFile);
const group = '/apis/resources.teleport.dev';
const namespace = 'crds';

describe.each(kubeServers())('CRDs in $name', ({ skipped, start }) => {
  describe.skipIf(skipped)('served', () => {
    let kube: RunningKube;
    let admin: KubeAdmin;

    beforeAll(async () => {
      kube = await start();
      admin = openKube(kube.kubeconfigPath);
      await ensure(admin, '/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace },
      });
      await installCrds(admin);
    });
    afterAll(async () => {
      admin?.close();
      await kube?.stop();
    });

    /** Creates an object; Strict, so that a field that the schema lacks is refused and not dropped. */
    function create(
      version: string,
      plural: string,
      kind: string,
      name: string,
      spec: object,
    ): Promise<KubeObject> {
      return admin.create(`${group}/${version}/namespaces/${namespace}/${plural}?fieldValidation=Strict`, {
        apiVersion: `resources.teleport.dev/${version}`,
        kind,
        metadata: { name },
        spec,
      });
    }

    it('are without fault', async () => {
      for (const { metadata } of crds()) {
        const crd = await admin.get(
          `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${metadata.name}`,
        );
        const conditions = (crd.status?.['conditions'] ?? []) as Array<{ type: string; status: string }>;
        const held = conditions.filter(({ status }) => status === 'True').map(({ type }) => type);
        expect(held.toSorted()).toEqual(['Established', 'NamesAccepted']);
      }
    });

    it('keep labels as they are written, durations of every form, and enums by name or number', async () => {
      const spec = {
        allow: {
          node_labels: { env: 'test', team: ['a', 'b'], '*': '*' },
          db_permissions: [{ permissions: ['SELECT'], match: { name: ['x'] } }],
          request: { annotations: { reason: ['because'] }, max_duration: '30d', kubernetes_resources: [] },
        },
        options: {
          max_session_ttl: '1h30m',
          client_idle_timeout: 'never',
          mfa_verification_interval: '10m',
          require_session_mfa: 'hardware_key',
          create_host_user_mode: 3,
          port_forwarding: false,
          record_session: { desktop: true, default: 'strict' },
          idp: null,
          enhanced_recording: null,
        },
      };
      expect((await create('v1', 'teleportrolesv8', 'TeleportRoleV8', 'kept', spec)).spec).toEqual(spec);
    });

    it('serve both versions of TeleportRole and store the first', async () => {
      const spec = { allow: { logins: ['root'] } };
      await create('v6', 'teleportroles', 'TeleportRole', 'both', spec);
      const stored = await admin.get(`${group}/v5/namespaces/${namespace}/teleportroles/both`);
      expect(stored).toMatchObject({ apiVersion: 'resources.teleport.dev/v5', spec });
    });

    it.each<[string, object, string]>([
      ['a field that there is not', { allow: { node_label: {} } }, 'node_label'],
      ['a text for a list', { allow: { logins: 'root' } }, 'logins'],
      ['a true or false for an enum', { options: { require_session_mfa: true } }, 'require_session_mfa'],
    ])('refuse %s', async (_, spec, field) => {
      await expect(create('v1', 'teleportrolesv7', 'TeleportRoleV7', 'refused', spec)).rejects.toThrow(field);
    });

    it('give every new object a status that no tool takes for done', async () => {
      for (const { object } of kinds) {
        const { plural, kind, versions } = object;
        for (const { name: version } of versions) {
          const name = `new-${version}`;
          await create(version, plural, kind, name, {});
          const read = await admin.get(`${group}/${version}/namespaces/${namespace}/${plural}/${name}`);
          expect(read.status).toEqual({ observedGeneration: -1 });
        }
      }
    });

    it('take the status that the operator writes', async () => {
      await create('v2', 'teleportusers', 'TeleportUser', 'reported', { roles: ['access'] });
      const path = `${group}/v2/namespaces/${namespace}/teleportusers/reported/status`;
      const status = {
        observedGeneration: 1,
        resourceName: 'reported',
        teleportResourceID: 0,
        applied: { hash: 'a', revision: 'b', resourceHash: 'c' },
        conditions: [
          {
            type: 'Ready',
            status: 'True',
            reason: 'Synced',
            message: '',
            lastTransitionTime: '2026-01-02T03:04:05Z',
            observedGeneration: 1,
          },
        ],
      };
      expect((await admin.patch(path, { status })).status).toEqual(status);
    });

    describe.skipIf(!findKubectl())('and kubectl', () => {
      const kubectl = async (...args: string[]): Promise<string> =>
        (
          await run(findKubectl() ?? 'kubectl', [
            '--kubeconfig',
            kube.kubeconfigPath,
            '-n',
            namespace,
            ...args,
          ])
        ).stdout;

      it('explain a field', async () => {
        const words = await kubectl('explain', 'teleportrolev8.spec.options.max_session_ttl');
        expect(words).toMatch(/FIELD: max_session_ttl <string>/);
        expect(words).toMatch(/DESCRIPTION:\n\s+\S+ \S+/);
      });

      it('get the category with the columns', async () => {
        await create('v2', 'teleportprovisiontokens', 'TeleportProvisionToken', 'shown', {
          join_method: 'kubernetes',
          roles: ['Node'],
        });
        expect(await kubectl('get', 'provisiontoken')).toMatch(
          /^NAME +READY +REASON +JOIN METHOD +SYSTEM ROLES +AGE$/m,
        );
        expect(await kubectl('get', 'teleport')).toContain(
          'teleportprovisiontoken.resources.teleport.dev/shown',
        );
      });
    });
  });
});
