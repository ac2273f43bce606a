// kubectl, as a user runs it, on the embedded server and on a real one: the same words, the same answers.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kubeServers } from '../../env/index.js';
import { findKubectl, type Kubectl, kubectl } from './kubectl.js';
import { condition, unique, user } from './objects.js';
import { type ContractServer, openServer, room } from './server.js';

const found = findKubectl();
const lacking = found ? '' : ' (no kubectl in KUBEBUILDER_ASSETS or on the PATH)';

describe.each(kubeServers())('kubectl on $name', ({ start, skipped }) => {
  describe.skipIf(skipped || !found)(`works${lacking}`, () => {
    let server: ContractServer | undefined;
    let tool: Kubectl | undefined;
    const k = (words: string, input?: string | object): Promise<string> => {
      if (!tool) throw new Error('the server is not up');
      return tool.ok(`-n ${room} ${words}`, input);
    };
    const fails = async (words: string, input?: string | object): Promise<string> => {
      const ran = await tool?.run(`-n ${room} ${words}`, input);
      expect(ran?.code).not.toBe(0);
      return ran?.err ?? '';
    };

    beforeAll(async () => {
      server = await openServer(await start());
      tool = kubectl(found ?? '', server.running.kubeconfigPath);
    }, 90_000);

    afterAll(async () => {
      tool?.stop();
      await server?.stop();
    });

    it('applies, again, and changed', async () => {
      const name = unique('k');
      expect(await k('apply -f -', user(name))).toMatch(/created$/);
      expect(await k('apply -f -', user(name))).toMatch(/unchanged$/);
      expect(await k('apply -f -', user(name, { roles: ['editor'] }))).toMatch(/configured$/);
      expect(await k(`get teleportuser ${name} -o jsonpath={.spec.roles}`)).toBe('["editor"]');
    });

    it('applies on the server, and tells conflicts', async () => {
      const name = unique('k');
      const apply = 'apply --server-side -f -';
      expect(await k(apply, user(name))).toMatch(/serverside-applied$/);
      const other = `${apply} --field-manager=other`;
      expect(await fails(other, user(name, { roles: ['x'] }))).toContain(
        'conflict with "kubectl": .spec.roles',
      );
      expect(await k(`${other} --force-conflicts`, user(name, { roles: ['x'] }))).toMatch(
        /serverside-applied$/,
      );
    });

    it('refuses what the schema does not know or not allow', async () => {
      expect(await fails('apply -f -', user(unique('k'), { nonsense: 1 }))).toContain(
        'unknown field "spec.nonsense"',
      );
      expect(await fails('apply -f -', user(unique('k'), { roles: 'x' }))).toContain(
        'spec.roles: Invalid value: "string": spec.roles in body must be of type array: "string"',
      );
    });

    it('gets tables, wide, as YAML, by category, and waits', async () => {
      const name = unique('k');
      await k('create -f -', user(name, { roles: ['a'] }));
      const conditions = [condition('Ready', 'True', 'Good')];
      const status = JSON.stringify({ status: { conditions, observedGeneration: 1 } });
      await k(
        `patch teleportuser ${name} --subresource=status --type=merge -p ${status.replaceAll(' ', '\\u0020')}`,
      );
      expect(await k(`wait --for=condition=Ready teleportuser/${name} --timeout=10s`)).toMatch(
        /condition met$/,
      );
      const [head = '', row = ''] = (await k(`get teleportuser ${name} -o wide`)).split('\n');
      expect(head.split(/\s{2,}/).slice(0, 4)).toEqual(['NAME', 'READY', 'REASON', 'ROLES']);
      expect(row.split(/\s{2,}/).slice(0, 4)).toEqual([name, 'True', 'Good', '["a"]']);
      expect(await k('get teleport')).toContain(`teleportuser.resources.teleport.dev/${name}`);
      expect(await k(`get teleportuser ${name} -o yaml`)).toContain('kind: TeleportUser');
    });

    it('describes with Events', async () => {
      const name = unique('k');
      await k('create -f -', user(name));
      const uid = await k(`get teleportuser ${name} -o jsonpath={.metadata.uid}`);
      const involvedObject = {
        apiVersion: 'resources.teleport.dev/v2',
        kind: 'TeleportUser',
        name,
        namespace: room,
        uid,
      };
      await k('create -f -', {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: unique('e'), namespace: room },
        involvedObject,
        type: 'Warning',
        reason: 'Tested',
        message: 'it was tested',
        source: { component: 'suite' },
        firstTimestamp: new Date().toISOString(),
        lastTimestamp: new Date().toISOString(),
        count: 1,
      });
      const text = await k(`describe teleportuser ${name}`);
      expect(text).toMatch(/Warning\s+Tested\s+\S+\s+suite\s+it was tested/);
      expect(await k(`events --for=teleportuser/${name}`)).toContain('it was tested');
    });

    it('labels, annotates, patches, deletes', async () => {
      const name = unique('k');
      await k('create -f -', user(name, { roles: ['a', 'b'] }));
      await k(`label teleportuser ${name} tier=one`);
      await k(`annotate teleportuser ${name} teleport.dev/keep=true`);
      await k(`patch teleportuser ${name} --type=json -p [{"op":"remove","path":"/spec/roles/0"}]`);
      expect(await k('get teleportuser -l tier=one -o name')).toBe(
        `teleportuser.resources.teleport.dev/${name}`,
      );
      expect(await k(`get teleportuser ${name} -o jsonpath={.spec.roles}`)).toBe('["b"]');
      expect(await k(`delete teleportuser ${name}`)).toContain('deleted');
      expect(await fails(`get teleportuser ${name}`)).toContain('not found');
    });

    it('waits for a finalizer', async () => {
      const name = unique('k');
      await k('create -f -', user(name, {}, { finalizers: ['suite.example.dev/hold'] }));
      await k(`delete teleportuser ${name} --wait=false`);
      expect(await k(`get teleportuser ${name} -o jsonpath={.metadata.deletionTimestamp}`)).toMatch(/Z$/);
      const waiting = k(`wait --for=delete teleportuser/${name} --timeout=20s`);
      await k(`patch teleportuser ${name} --type=merge -p {"metadata":{"finalizers":null}}`);
      await waiting;
    });

    it('explains', async () => {
      const text = await k('explain teleportuser.spec.roles');
      expect(text).toMatch(/KIND:\s+TeleportUser/);
      expect(text).toMatch(/FIELD: roles <\[\]string>/);
      expect(text).toMatch(/DESCRIPTION:\n\s+\w+/);
    });

    it('lists the API, makes Secrets, asks for rights and tokens', async () => {
      expect(await k('api-resources --api-group=resources.teleport.dev')).toMatch(
        /teleportusers\s.*resources.teleport.dev\/v2\s+true\s+TeleportUser/,
      );
      const name = unique('k');
      await k(`create secret generic ${name} --from-literal=a=b`);
      expect(await k(`get secret ${name} -o jsonpath={.data.a}`)).toBe('Yg==');
      await k(`create serviceaccount ${name}`);
      expect(await k(`create token ${name}`)).toMatch(/^ey/);
      expect(await k('auth can-i delete teleportusers')).toBe('yes');
      expect(await fails(`auth can-i delete teleportusers --as=system:serviceaccount:${room}:${name}`)).toBe(
        '',
      );
    });
  });
});
