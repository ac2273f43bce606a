// Every way into the cluster, and what happens when it is closed for a while: direct and through the proxy,
// with a Pod-bound token and with a secret one; wrong pins; a Teleport that goes away and comes back.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import { type OperatorOptions, type RunningOperator, startOperator } from '../env/operator.js';
import { openScene, type Scene, unique } from './scene.js';

describe.each(pairs())('joining, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('an operator', () => {
    let scene: Scene;
    let operator: RunningOperator | undefined;
    beforeAll(async () => {
      scene = await openScene(await start());
    }, 90_000);
    afterEach(async () => {
      await operator?.stop();
      operator = undefined;
    });
    afterAll(() => scene?.close());

    const run = async (changes: Partial<OperatorOptions> = {}): Promise<RunningOperator> => {
      operator = await startOperator({ ...(await scene.operator()), ...changes });
      return operator;
    };
    const throughProxy = () => ({
      address: scene.teleport.proxyAddress,
      trustedCa: scene.teleport.proxyCa,
    });
    const works = async (): Promise<void> => {
      const name = unique('role');
      await scene.create('TeleportRoleV7', name, { allow: { logins: ['one'] } });
      await scene.untilReady('TeleportRoleV7', name, 30_000);
      await scene.remove('TeleportRoleV7', name);
      await scene.untilGone('TeleportRoleV7', name);
    };
    const secret = () => scene.teleport.addBot({ name: unique('token-bot'), join: { method: 'token' } });
    /** No part of the token, nor of the certificates' keys, is in the log. */
    const keepsSecrets = (running: RunningOperator, ...secrets: string[]) => {
      const output = running.output();
      for (const value of secrets) expect(output.includes(value)).toBe(false);
      expect(output).not.toMatch(/PRIVATE KEY/);
    };

    it('joins Auth with a Pod-bound token, the CA pinned', async () => {
      const options = await scene.operator();
      const running = await run(options);
      await running.untilReady();
      await works();
      keepsSecrets(running, options.serviceAccountToken ?? '');
    }, 60_000);

    it('joins through the proxy with a Pod-bound token', async () => {
      const running = await run({ ...throughProxy(), caPins: [] });
      await running.untilReady();
      await works();
    }, 60_000);

    it('joins through the proxy with the CA pinned', async () => {
      const running = await run(throughProxy());
      await running.untilReady();
      await works();
    }, 60_000);

    it.each(['auth', 'proxy'])(
      'joins %s with a secret token, warns that it is good for once, never logs it',
      async (at) => {
        const token = await secret();
        const running = await run({ ...(at === 'proxy' ? throughProxy() : {}), joinMethod: 'token', token });
        await running.untilReady();
        await works();
        expect(running.logs().some(({ level, message }) => level === 'WARN' && /restart/.test(message))).toBe(
          true,
        );
        keepsSecrets(running, token);
      },
      60_000,
    );

    it('warns loudly when nothing vouches for the server at the first contact', async () => {
      const running = await run({ caPins: [] });
      await running.untilReady();
      expect(running.logs().some(({ level, message }) => level === 'WARN' && /verif/i.test(message))).toBe(
        true,
      );
    }, 60_000);

    it('does not join a server with another pin; says so; ends with 1 after the start-up timeout', async () => {
      const running = await run({ caPins: [`sha256:${'0'.repeat(64)}`], flags: ['-startup-timeout=6s'] });
      const red = await eventually(async () => {
        const { status, text } = await running.probe('/readyz');
        expect(status).toBe(503);
        expect(text).toMatch(/pin/i);
        return text;
      });
      expect(red).not.toContain('\n\n');
      expect((await running.probe('/healthz')).status).toBe(200);
      expect(await running.process.exited).toBe(1);
    }, 60_000);

    it('waits for a server that is away at the start, and joins when it comes', async () => {
      const restarted = scene.teleport.restart({ downMs: 6_000 });
      const running = await run();
      await eventually(async () => expect((await running.probe('/readyz')).status).toBe(503));
      expect((await running.probe('/healthz')).status).toBe(200);
      await restarted;
      await running.untilReady(60_000);
      await works();
    }, 120_000);

    it.each(['auth', 'proxy'])(
      'outlives a restart of Teleport, joined at %s',
      async (at) => {
        const running = await run(at === 'proxy' ? throughProxy() : {});
        await running.untilReady();
        await works();
        const name = unique('meanwhile');
        const restarted = scene.teleport.restart({ downMs: 4_000 });
        await scene.create('TeleportRoleV7', name, { allow: { logins: ['one'] } });
        await scene.until(
          'TeleportRoleV7',
          name,
          { type: 'Ready', status: 'False', reason: 'TeleportUnavailable' },
          40_000,
        );
        await restarted;
        await scene.untilReady('TeleportRoleV7', name, 60_000);
        expect(running.process.running).toBe(true);
        await running.untilReady();
        await works();
      },
      150_000,
    );

    it('turns red within a minute when its bot is locked, says why, and goes on when the lock is gone', async () => {
      const name = unique('locked-bot');
      const token = await scene.teleport.addBot({
        name,
        join: {
          method: 'kubernetes',
          type: 'static_jwks',
          jwks: await scene.kube.jwks(),
          serviceAccount: `${scene.namespace}:teleport-operator`,
        },
      });
      const running = await run({ token });
      await running.untilReady();
      const lock = unique('lock');
      await scene.teleport.admin.unary(AuthService.method.upsertLock, {
        Kind: 'lock',
        Version: 'v2',
        Metadata: { Name: lock },
        Spec: { Target: { User: `bot-${name}` }, Message: 'because of a test' },
      });
      await eventually(
        async () => {
          const { status, text } = await running.probe('/readyz');
          expect(status).toBe(503);
          expect(text).toMatch(/lock|denied/i);
        },
        { timeoutMs: 75_000, intervalMs: 500 },
      );
      expect((await running.probe('/healthz')).status).toBe(200);
      await scene.teleport.admin.unary(AuthService.method.deleteLock, { Name: lock });
      await running.untilReady(75_000);
      await works();
    }, 200_000);

    it('renews its certificates without losing a call', async () => {
      const running = await run({ flags: ['-certificate-ttl=2m', '-renewal-interval=5s'] });
      await running.untilReady();
      const renewals = () => running.logs().filter(({ message }) => /renew/i.test(message)).length;
      const until = performance.now() + 14_000;
      while (performance.now() < until) await works();
      expect(renewals()).toBeGreaterThan(1);
      expect(running.logs().filter(({ level }) => level === 'ERROR')).toEqual([]);
    }, 90_000);
  });
});
