// Values that an object takes from Secrets: looked up, written once, written again when they change, and what is said of
// those that can't be had. Who is woken by a change of a Secret is the matter of operator/.
import { describe, expect, it } from 'vitest';
import { anObject } from '../../test/builders/object.js';
import { held, remembered, world } from '../../test/builders/reconciler-world.js';
import { githubConnector } from '../kinds/github-connector.js';
import type { KubeObject } from '../kube/object.js';
import { allowAnnotation } from './secret-lookup.js';

describe('a secret:// reference', () => {
  const secret = (data: Record<string, string>, allow?: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'github-secret',
      uid: 'u',
      resourceVersion: '7',
      ...(allow === undefined ? {} : { annotations: { [allowAnnotation]: allow } }),
    },
    data,
  });
  const connector = (reference: string): KubeObject =>
    anObject({
      kind: 'TeleportGithubConnector',
      name: 'github',
      spec: {
        client_id: 'id',
        client_secret: reference,
        teams_to_roles: [{ organization: 'o', team: 't', roles: ['access'] }],
      },
    });
  const value = Buffer.from('s3cret').toString('base64');
  const stored = (teleport: { resources: Map<string, unknown> }): string | undefined =>
    (teleport.resources.get('github') as { Spec?: { ClientSecret?: string } } | undefined)?.Spec
      ?.ClientSecret;

  it('becomes the value of the Secret, which appears nowhere else', async () => {
    const { pass, teleport, secrets } = world(githubConnector);
    secrets.set('github-secret', secret({ key: value }, '*'));
    const first = await pass(connector('secret://github-secret/key'));
    expect(stored(teleport)).toBe('s3cret');
    expect([...(first.secrets ?? [])]).toEqual(['github-secret']);
    expect(JSON.stringify(remembered(first))).not.toContain('s3cret');
  });

  it('is written once where nothing is remembered: secrets can not be compared', async () => {
    const { pass, teleport, secrets } = world(githubConnector);
    secrets.set('github-secret', secret({ key: value }, '*'));
    await pass(connector('secret://github-secret/key'));
    expect((await pass(held(connector('secret://github-secret/key')))).outcome).toMatchObject({
      wrote: 'updated',
    });
    expect(stored(teleport)).toBe('s3cret');
  });

  it('is written again when the Secret has changed, and only then', async () => {
    const { pass, teleport, secrets } = world(githubConnector);
    const first = secret({ key: value }, 'github, other');
    secrets.set('github-secret', first);
    const after = remembered(await pass(connector('secret://github-secret/key')));
    expect((await pass(after)).outcome).toMatchObject({ wrote: 'nothing' });
    secrets.set('github-secret', {
      ...secret({ key: Buffer.from('new').toString('base64') }, 'github'),
      metadata: { ...first.metadata, resourceVersion: '8' },
    });
    expect((await pass(after)).outcome).toMatchObject({ wrote: 'updated' });
    expect(stored(teleport)).toBe('new');
  });

  it.each<[string, KubeObject | undefined, string]>([
    ['secret:///key', undefined, 'name of the Secret is missing'],
    ['secret://github-secret', undefined, 'key is missing'],
    ['secret://github-secret/', undefined, 'key is missing'],
    ['secret://%zz/key', undefined, "can't be read"],
    ['secret://github-secret/%', undefined, "can't be read"],
    ['secret://github-secret/key', undefined, 'does not exist'],
    ['secret://github-secret/constructor', secret({ key: value }, '*'), 'has no key'],
    ['secret://github-secret/key', secret({ key: value }), 'lacks the annotation'],
    ['secret://github-secret/key', secret({ key: value }, 'other'), 'does not allow'],
    ['secret://github-secret/key', secret({ key: value }, 'a, *'), 'does not allow'],
    ['secret://github-secret/key', secret({ other: value }, '*'), 'has no key'],
  ])('%s with %j says why', async (reference, given, words) => {
    const { pass, teleport, secrets } = world(githubConnector);
    if (given) secrets.set('github-secret', given);
    const { outcome } = await pass(connector(reference));
    expect(outcome).toMatchObject({ type: 'failed', step: 'lookup', reason: 'SecretLookupFailed' });
    expect(outcome).toHaveProperty('message', expect.stringContaining(words));
    expect(JSON.stringify(outcome)).not.toContain(value);
    expect(teleport.resources.size).toBe(0);
  });
});
