// secret:// references from end to end: each mistake has its words, a corrected or changed Secret reaches Teleport
// by itself, and the values are nowhere to be seen. GitHub connectors stand for all kinds here; a real Teleport
// takes none without a network (example-objects.ts), so there the value itself is tried by trusted-cluster.test.ts.
import { describe, expect, it } from 'vitest';
import { allowAnnotation } from '../../src/reconcile/secret-lookup.js';
import { pairs } from '../env/index.js';
import type { RunningOperator } from '../env/operator.js';
import type { RunningEmbeddedTeleport } from '../env/teleport-embedded.js';
import { atWork } from './at-work.js';
import { kindOf, type Resource, type Scene, unique } from './scene.js';

const kind = 'TeleportGithubConnector';
/** Every value that must not be seen has this in it. */
const mark = 'top-secret-value';
const spec = (client_secret: string) => ({
  client_id: 'id',
  client_secret,
  redirect_url: 'https://t/callback',
  display: 'GitHub',
  teams_to_roles: [{ organization: 'o', team: 't', roles: ['access'] }],
});

describe.each(pairs({ enterprise: true }))('secret:// references, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('with the operator running', () => {
    let scene: Scene;
    let operator: RunningOperator;
    const name = unique('github');
    const seen: string[] = [];
    atWork(start, (...opened) => {
      [scene, operator] = opened;
    });

    const secretPath = (secret = '') => `/api/v1/namespaces/${scene.namespace}/secrets/${secret}`;
    const createSecret = (secret: string, annotations: object, data: object) =>
      scene.admin.create(secretPath().slice(0, -1), {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: secret, annotations },
        stringData: data,
      });
    /** The message of a failed lookup, as soon as it matches. */
    const refused = async (text: RegExp): Promise<void> => {
      await expect
        .poll(
          async () => {
            const status = (await scene.find(kind, name))?.status;
            seen.push(JSON.stringify(status));
            const conditions = (status?.['conditions'] ?? []) as {
              type: string;
              message: string;
              reason: string;
            }[];
            const ready = conditions.find(({ type }) => type === 'Ready');
            const mutation = conditions.find(({ type }) => type === 'SuccessfullyReconciled');
            return `${ready?.reason} ${mutation?.reason} ${ready?.message}`;
          },
          { timeout: 20_000 },
        )
        .toMatch(new RegExp(`^SecretLookupFailed MutationError .*${text.source}`));
    };

    it.each<[string, string, RegExp]>([
      ['no name', 'secret:///key', /spec.client_secret: .*the name of the Secret is missing/],
      ['no key', 'secret://name', /spec.client_secret: .*the key is missing/],
      ['an empty key', 'secret://name/', /spec.client_secret: .*the key is missing/],
      ['no address', 'secret://a b/c', /spec.client_secret: .*can't be read/],
      ['a Secret that is missing', 'secret://nothing/key', /Secret "nothing" does not exist/],
    ])('with %s say what is wrong', async (_what, reference, text) => {
      if (await scene.find(kind, name)) await scene.patch(kind, name, { spec: spec(reference) });
      else await scene.create(kind, name, spec(reference));
      await refused(text);
    });

    it('are followed as soon as each mistake is mended in the Secret', async () => {
      const secret = unique('secret');
      await scene.patch(kind, name, { spec: spec(`secret://${secret}/key`) });
      await refused(/does not exist/);
      await createSecret(secret, {}, { other: `${mark}-0` });
      await refused(/lacks the annotation resources.teleport.dev\/allow-lookup-from-cr/);
      await scene.admin.patch(secretPath(secret), {
        metadata: { annotations: { [allowAnnotation]: 'a, b' } },
      });
      await refused(/does not allow lookups from/);
      await scene.admin.patch(secretPath(secret), {
        metadata: { annotations: { [allowAnnotation]: `a, ${name}` } },
      });
      await refused(/has no key "key"/);
      await scene.admin.patch(secretPath(secret), { stringData: { key: `${mark}-1` } });
      if (scene.teleport.kind !== 'embedded') {
        // Beyond the lookup there is only GitHub, which can't be reached.
        const ready = await scene.until(kind, name, {
          type: 'Ready',
          status: 'False',
          reason: 'TeleportError',
        });
        expect(ready.message).toMatch(/trying to reach GitHub/);
        return;
      }
      await scene.untilReady(kind, name);
      expect(clientSecret()).toBe(`${mark}-1`);
    }, 60_000);

    const clientSecret = (): string | undefined => {
      const { server } = scene.teleport as RunningEmbeddedTeleport;
      return server.resources.get('github', name)?.Spec?.ClientSecret;
    };

    it('bring a changed Secret to Teleport within seconds', async ({ skip }) => {
      if (scene.teleport.kind !== 'embedded') return skip('Auth asks github.com at every write');
      const secret = unique('rotated');
      await createSecret(secret, { [allowAnnotation]: '*' }, { key: `${mark}-2` });
      await scene.patch(kind, name, { spec: spec(`secret://${secret}/key`) });
      await expect.poll(clientSecret, { timeout: 5_000 }).toBe(`${mark}-2`);
      await scene.admin.patch(secretPath(secret), { stringData: { key: `${mark}-3` } });
      await expect.poll(clientSecret, { timeout: 5_000 }).toBe(`${mark}-3`);
      const object = await scene.find(kind, name);
      seen.push(JSON.stringify(object));
      expect(object?.spec?.['client_secret']).toBe(`secret://${secret}/key`);
    }, 30_000);

    it('come back to Teleport, where somebody replaced them there, with any write to their Secret', async ({
      skip,
    }) => {
      if (scene.teleport.kind !== 'embedded') return skip('Auth asks github.com at every write');
      const { calls } = kindOf(kind);
      const stored = (await calls.get.run(scene.teleport.admin, name)) as Resource;
      stored.Spec['ClientSecret'] = 'of somebody else';
      await calls.update.run(scene.teleport.admin, stored);
      expect(clientSecret()).toBe('of somebody else');
      const reference = String((await scene.find(kind, name))?.spec?.['client_secret']);
      const [, secret] = /^secret:\/\/([^/]+)/.exec(reference) ?? [];
      await scene.admin.patch(secretPath(secret), { metadata: { annotations: { again: '1' } } });
      await expect.poll(clientSecret, { timeout: 5_000 }).toBe(`${mark}-3`);
    }, 30_000);

    it('show their values nowhere: no log line, Event, status, metric or probe', async () => {
      const metrics = await (await fetch(operator.metricsUrl)).text();
      const events = await scene.admin.text(`/api/v1/namespaces/${scene.namespace}/events`);
      const { text } = await operator.probe('/readyz');
      const objects = await scene.admin.text(scene.path(kind));
      const everything = { log: operator.output(), metrics, events, text, objects, statuses: seen.join() };
      expect(everything.log).toContain(name);
      expect(everything.events).toContain(name);
      for (const [where, shown] of Object.entries(everything)) {
        const at = shown.indexOf(mark);
        expect(at < 0 ? 'nothing' : `${where}: ${shown.slice(Math.max(at - 200, 0), at + 100)}`).toBe(
          'nothing',
        );
        const encoded = Buffer.from(`${mark}-1`).toString('base64').slice(0, 20);
        expect(shown.includes(encoded)).toBe(false);
      }
    });
  });
});
