// A bot joins a real Teleport: every way in, and the methods that it can be asked for here. What comes after is in real-life.test.ts.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { authorizedKey } from '../../src/teleport/keys.js';
import { eventually } from '../env/eventually.js';
import { startEndpoint } from './endpoints.js';
import { startL7Balancer } from './l7-balancer.js';
import { noTeleport, realBots, realServer } from './real-bots.js';
import { MemoryStore } from './worlds.js';

describe.skipIf(noTeleport)('on a real Teleport', () => {
  const { issuer, lines, start, ready, works } = realBots();

  describe('with TLS routing', () => {
    const teleport = realServer({
      env: { TELEPORT_UNSTABLE_BOUND_KEYPAIR_JOINING_EXPERIMENT: 'true' },
    });

    it('comes in by Auth, pinned', async () => {
      const { bot } = await start(teleport(), { caPins: teleport().caPins });
      await ready(bot);
      await works(bot);
      expect(bot.state().via).toBe('auth');
    });

    it('comes in by the proxy', async () => {
      const { bot } = await start(teleport(), { authServer: teleport().proxyAddress });
      await ready(bot);
      await works(bot);
      expect(bot.state().via).toBe('proxy');
    });

    it('comes in by the proxy, pinned', async () => {
      const { bot } = await start(teleport(), {
        proxyServer: teleport().proxyAddress,
        caPins: teleport().caPins,
      });
      await ready(bot);
      await works(bot);
      expect(lines.join('\n')).not.toMatch(/WITHOUT VERIFYING/);
    });

    it('comes in through a balancer that knows nothing of protocols', async () => {
      const balancer = await startL7Balancer(teleport().proxyAddress);
      try {
        for (const caPins of [[], teleport().caPins]) {
          const { bot } = await start(teleport(), { authServer: balancer.address, ca: balancer.ca, caPins });
          await ready(bot);
          await works(bot);
          expect(lines.join('\n')).toMatch(/by a connection upgrade/);
          await bot.stop();
        }
      } finally {
        await balancer.stop();
      }
    });

    it.each(['github', 'gitlab'] as const)(
      'joins with method %s, its issuer given as JWKS',
      async (method) => {
        const StaticJWKS = JSON.stringify(issuer().jwks);
        const claims = { sub: 's', repository: 'org/repo', project_path: 'group/project' };
        const endpoint = await startEndpoint(async (url) => {
          const aud = url.searchParams.get('audience') ?? '';
          const value = await issuer().sign('https://token.actions.githubusercontent.com', aud, claims);
          return { body: JSON.stringify({ value }) };
        });
        try {
          const { bot } = await start(teleport(), {
            joinMethod: method,
            spec:
              method === 'github'
                ? { JoinMethod: method, GitHub: { StaticJWKS, Allow: [{ Repository: 'org/repo' }] } }
                : { JoinMethod: method, GitLab: { StaticJWKS, Allow: [{ ProjectPath: 'group/project' }] } },
            env: {
              TBOT_GITLAB_JWT: await issuer().sign('https://gitlab.com', teleport().clusterName, claims),
              ACTIONS_ID_TOKEN_REQUEST_URL: `${endpoint.url}/?x=1`,
              ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'runner',
            },
          });
          await ready(bot);
          await works(bot);
        } finally {
          await endpoint.stop();
        }
      },
    );

    it('joins with method bound_keypair, again after a restart, and through the proxy', async () => {
      const keys = generateKeyPairSync('ed25519');
      const store = new MemoryStore();
      store.values = { 'private-key': keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
      const spec = {
        JoinMethod: 'bound_keypair',
        BoundKeypair: {
          Onboarding: { InitialPublicKey: authorizedKey(keys.publicKey).trim() },
          Recovery: { Limit: 3, Mode: 'standard' },
        },
      };
      const first = await start(teleport(), { joinMethod: 'bound_keypair', spec, store });
      await ready(first.bot);
      await works(first.bot);
      await first.bot.stop();
      expect(store.values['join-state']).toBeTruthy();
      for (const authServer of [teleport().authAddress, teleport().proxyAddress]) {
        const again = await start(teleport(), {
          joinMethod: 'bound_keypair',
          token: first.token,
          authServer,
          store,
          renewalIntervalMs: 2_000,
        });
        await ready(again.bot);
        await eventually(() => lines.some((line) => line.startsWith('identity renewed')));
        await works(again.bot);
        await again.bot.stop();
      }
    }, 60_000);
  });

  describe('without TLS routing', () => {
    const teleport = realServer({ separatePorts: true });

    it('comes in by the proxy', async () => {
      const { bot } = await start(teleport(), { authServer: teleport().proxyAddress });
      await ready(bot);
      await works(bot);
    });

    it('comes in by the gRPC tunnel of the SSH port when the web port hands nothing on', async () => {
      const balancer = await startL7Balancer(teleport().proxyAddress);
      try {
        const { bot } = await start(teleport(), {
          authServer: balancer.address,
          ca: balancer.ca,
          env: { TELEPORT_TLS_ROUTING_CONN_UPGRADE: 'no' },
        });
        await ready(bot);
        await works(bot);
        expect(lines.join('\n')).toMatch(/by its gRPC tunnel/);
      } finally {
        await balancer.stop();
      }
    });
  });
});
