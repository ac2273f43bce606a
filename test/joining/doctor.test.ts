// The doctor on whole pairs of servers: healthy, and in each state that it is there to find.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clone, create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/core/clock.js';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { RoleV6Schema, RuleSchema } from '../../src/gen/teleport/types/role_pb.js';
import { group } from '../../src/kinds/kind.js';
import type { Finding } from '../../src/operator/doctor/findings.js';
import { runDoctor } from '../../src/operator/doctor/index.js';
import { openScene, type Scene, unique } from '../e2e/scene.js';
import { makeForgetful, serveOnlyAs } from '../env/crds.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import type { OperatorOptions } from '../env/operator.js';

describe.each(pairs())('doctor, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('finds', () => {
    let scene: Scene;
    let options: OperatorOptions;
    const folder = mkdtempSync(join(tmpdir(), 'operator-doctor-'));
    beforeAll(async () => {
      scene = await openScene(await start());
      options = await scene.operator();
      writeFileSync(join(folder, 'token'), options.serviceAccountToken ?? '');
    }, 90_000);
    afterAll(async () => {
      rmSync(folder, { recursive: true, force: true });
      await scene?.close();
    });

    const examine = async (
      flags: Readonly<Record<string, string>> = {},
      { clock = systemClock, env = {} }: { clock?: Clock; env?: NodeJS.ProcessEnv } = {},
    ) => {
      const all: Record<string, string> = {
        'auth-server': options.address,
        token: options.token,
        namespace: options.namespace,
        kubeconfig: options.kubeconfigPath,
        'ca-pin': (options.caPins ?? []).join(','),
        ...flags,
      };
      let printed = '';
      const code = await runDoctor(
        [...Object.entries(all).map(([name, value]) => `-${name}=${value}`), '-o', 'json'],
        {
          env: { KUBERNETES_TOKEN_PATH: join(folder, 'token'), ...env },
          clock,
          print: (text) => {
            printed += text;
          },
        },
      );
      expect(printed).not.toContain(options.serviceAccountToken);
      const { findings } = JSON.parse(printed) as { findings: Finding[] };
      const of = (check: string): Finding => {
        const found = findings.find((one) => one.check === check);
        if (!found) throw new Error(`no finding ${check} in ${printed}`);
        return found;
      };
      return { code, findings, of };
    };

    it('nothing wrong with a healthy operator', async () => {
      const { code, findings } = await examine();
      expect(findings.filter(({ verdict }) => verdict === 'failed')).toEqual([]);
      expect(code).toBe(0);
      expect(findings.map(({ check }) => check)).toEqual([
        'flags',
        'kubernetes',
        'namespace',
        'crds',
        'kubernetes permissions',
        'dns',
        'teleport tls',
        'way in',
        'join',
        'clocks',
        'teleport permissions',
      ]);
    }, 60_000);

    it('a mistake in the flags', async () => {
      const { code, of } = await examine({ 'join-method': 'tpm' });
      expect(code).toBe(1);
      expect(of('flags')).toMatchObject({ verdict: 'failed', detail: expect.stringContaining('TPM device') });
    });

    it('an API server that does not answer', async () => {
      const { code, of } = await examine({ kubeconfig: '/nowhere/kubeconfig' });
      expect(code).toBe(1);
      expect(of('kubernetes')).toMatchObject({
        verdict: 'failed',
        detail: expect.stringContaining('/nowhere'),
      });
    });

    it('missing permissions in Kubernetes', async () => {
      const path = await scene.kube.serviceAccountKubeconfig(options.namespace, unique('powerless'));
      const { code, of } = await examine({ kubeconfig: path });
      expect(code).toBe(1);
      expect(of('kubernetes permissions')).toMatchObject({
        verdict: 'failed',
        detail: expect.stringMatching(/list.*teleport/),
      });
    });

    it('a namespace that does not exist', async () => {
      const { of } = await examine({ namespace: 'not-there', kubeconfig: scene.kube.kubeconfigPath });
      expect(of('namespace')).toMatchObject({
        verdict: 'failed',
        remedy: expect.stringContaining('not-there'),
      });
    });

    it('a CRD that serves another version', async () => {
      const restore = await serveOnlyAs(scene.admin, `teleportlocksv2.${group}`, 'v99');
      try {
        await eventually(
          async () => {
            const { code, of } = await examine();
            expect(of('crds')).toMatchObject({
              verdict: 'failed',
              detail: expect.stringContaining(
                'teleportlocksv2: its CRD serves v99, and this operator reads v1',
              ),
              remedy: expect.stringContaining('teleport-operator crds'),
            });
            expect(code).toBe(1);
          },
          { timeoutMs: 60_000 },
        );
      } finally {
        await restore();
      }
    }, 90_000);

    it('a CRD that the Go operator left in place', async () => {
      const restore = await makeForgetful(scene.admin, `teleportprovisiontokens.${group}`);
      try {
        // What the API server publishes of it comes a little later.
        await eventually(
          async () => {
            const { code, of } = await examine();
            expect(of('crds')).toMatchObject({
              verdict: 'warning',
              detail: expect.stringContaining('one-time'),
              remedy: expect.stringContaining('teleport-operator crds'),
            });
            expect(of('crds').detail).toMatch(/teleportprovisiontokens$/);
            expect(code).toBe(0);
          },
          { timeoutMs: 60_000 },
        );
      } finally {
        await restore();
      }
    }, 90_000);

    it('a host that nobody knows', async () => {
      const { code, of } = await examine({ 'auth-server': 'teleport.invalid:443' });
      expect(code).toBe(1);
      expect(of('dns').verdict).toBe('failed');
      expect(of('join').verdict).toBe('skipped');
    });

    it('a port where nothing listens', async () => {
      const { of } = await examine({ 'auth-server': '127.0.0.1:1' });
      expect(of('teleport tls')).toMatchObject({
        verdict: 'failed',
        detail: expect.stringContaining('refused'),
      });
    });

    it('a wrong pin', async () => {
      const { code, of } = await examine({ 'ca-pin': `sha256:${'0'.repeat(64)}` });
      expect(code).toBe(1);
      expect(of('join')).toMatchObject({
        verdict: 'failed',
        detail: expect.stringContaining('not among the 1'),
      });
    });

    it('a proxy whose certificate is not trusted', async () => {
      const { of } = await examine({ 'auth-server': scene.teleport.proxyAddress, 'ca-pin': '' });
      expect(of('way in').verdict === 'failed' || of('join').verdict === 'failed').toBe(true);
    });

    it('a token that does not exist', async () => {
      const { code, of } = await examine({ token: 'nothing' });
      expect(code).toBe(1);
      expect(of('way in').verdict).toBe('ok');
      expect(of('join')).toMatchObject({
        verdict: 'failed',
        detail: expect.stringContaining('no valid join token'),
        remedy: expect.stringContaining('tctl get token/nothing'),
      });
    });

    it('a service account token that is not mounted', async () => {
      const { of } = await examine({}, { env: { KUBERNETES_TOKEN_PATH: '/nowhere/token' } });
      expect(of('join')).toMatchObject({
        verdict: 'failed',
        detail: expect.stringContaining('/nowhere/token'),
      });
    });

    it('clocks that differ', async () => {
      const late: Clock = { ...systemClock, now: () => systemClock.now() - 120_000 };
      const { code, of } = await examine({ 'ca-pin': '' }, { clock: late });
      expect(code).toBe(1);
      expect(of('clocks')).toMatchObject({ verdict: 'failed', detail: expect.stringContaining('ahead of') });
    });

    it('a role that allows too little', async () => {
      const { admin } = scene.teleport;
      const role = await admin.unary(AuthService.method.getRole, { Name: 'operator' });
      const poor = clone(RoleV6Schema, role);
      const allow = poor.Spec?.Allow;
      if (allow) allow.Rules = [create(RuleSchema, { Resources: ['role', 'user'], Verbs: ['read', 'list'] })];
      await admin.unary(AuthService.method.upsertRoleV2, { Role: poor });
      try {
        await eventually(async () => {
          const { of } = await examine();
          expect(of('teleport permissions')).toMatchObject({
            verdict: 'warning',
            detail: expect.stringContaining('create, update, delete role'),
          });
        });
      } finally {
        await admin.unary(AuthService.method.upsertRoleV2, { Role: role });
      }
    }, 30_000);

    it('that a one-time token must not be spent', async () => {
      const token = await scene.teleport.addBot({ name: unique('once'), join: { method: 'token' } });
      const { code, of } = await examine({ 'join-method': 'token', token });
      expect(code).toBe(0);
      expect(of('join')).toMatchObject({
        verdict: 'skipped',
        detail: expect.stringContaining('would spend'),
      });
    });
  });
});
