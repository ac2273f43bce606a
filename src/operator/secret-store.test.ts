// The Secret of bound_keypair over a Kubernetes in memory.
import { describe, expect, it } from 'vitest';
import { MemoryClient } from '../../test/builders/memory-kube-client.js';
import { KubeError } from '../kube/errors.js';
import { SecretStore } from './secret-store.js';

const resource = { group: '', version: 'v1', plural: 'secrets' };

describe('SecretStore', () => {
  it('is empty before it is written, makes the Secret, and keeps what others put there', async () => {
    const kube = new MemoryClient();
    const store = new SecretStore(kube, 'ns', 'bound');
    expect(await store.load()).toEqual({});
    await store.save({ 'private-key': 'one' });
    expect(await kube.get(resource, { namespace: 'ns', name: 'bound' })).toMatchObject({
      type: 'Opaque',
      data: { 'private-key': Buffer.from('one').toString('base64') },
    });
    await store.save({ 'join-state': 'two' });
    expect(await store.load()).toEqual({ 'private-key': 'one', 'join-state': 'two' });
  });

  it.each(['get', 'patch'])(
    'names the Secret, the permission and the flag when it may not %s',
    async (verb) => {
      const kube = new MemoryClient();
      kube.fault = (call) => {
        if (call.verb === verb) throw new KubeError('Forbidden', 'secrets is forbidden', { status: 403 });
      };
      const store = new SecretStore(kube, 'ns', 'bound');
      const failing = verb === 'get' ? store.load() : store.save({ 'private-key': 'very secret' });
      const error = await failing.catch(String);
      expect(error).toMatch(/the Secret ns\/bound cannot be .*forbidden.*allow .* -bound-keypair-secret/);
      expect(error).not.toContain('very secret');
    },
  );
});
