// How often discovery is asked where many want to know the same.
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../core/virtual-clock.js';
import { servedVersions } from './served.js';
import { sharedDiscovery } from './shared-discovery.js';

const group = 'resources.teleport.dev';

function world() {
  const clock = new VirtualClock();
  const { signal: end } = new AbortController();
  const state = { asked: 0, fails: false };
  const ask = async <T>(answer: T): Promise<T> => {
    state.asked++;
    if (state.fails) throw new Error('no answer');
    return answer;
  };
  const discovery = sharedDiscovery(
    {
      versions: () => ask(['v1', 'v2']),
      discover: (_group, version) =>
        ask(version === 'v2' ? [{ name: 'roles', kind: 'Role', namespaced: true, verbs: [] }] : []),
    },
    clock,
    end,
  );
  const served = (plural: string) => servedVersions(discovery, { group, version: 'v1', plural });
  return { clock, state, served };
}

describe('discovery that is shared', () => {
  it('is asked once by all who ask together', async () => {
    const { state, served } = world();
    const answers = await Promise.all([served('roles'), served('users'), served('roles')]);
    expect(answers).toEqual([['v2'], [], ['v2']]);
    await served('users');
    expect(state.asked).toBe(3);
  });

  it('is asked anew by those who come later', async () => {
    const { clock, state, served } = world();
    await served('roles');
    await clock.advance(30_000);
    await served('roles');
    expect(state.asked).toBe(6);
  });

  it('keeps no failure', async () => {
    const { state, served } = world();
    state.fails = true;
    await expect(served('roles')).rejects.toThrow('no answer');
    state.fails = false;
    expect(await served('roles')).toEqual(['v2']);
  });
});
