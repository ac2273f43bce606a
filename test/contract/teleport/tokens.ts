// Contract: join tokens.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import {
  type ProvisionTokenV2,
  ProvisionTokenV2Schema,
} from '../../../src/gen/teleport/types/provision_token_pb.js';
import { eventually } from '../../env/eventually.js';
import type { RunningTeleport } from '../../env/types.js';
import { expectRefusal, unique } from './expectations.js';

const rpc = AuthService.method;
type Spec = NonNullable<MessageInitShape<typeof ProvisionTokenV2Schema>['Spec']>;

export function tokensContract(teleport: () => RunningTeleport): void {
  const token = (name: string, spec: Spec = { Roles: ['Node'] }): ProvisionTokenV2 =>
    create(ProvisionTokenV2Schema, { Metadata: { Name: name }, Spec: spec });
  const upsert = (value: ProvisionTokenV2) =>
    teleport().admin.unary(rpc.upsertTokenV2, { Token: { case: 'V2', value } });
  const get = (Name: string) => teleport().admin.unary(rpc.getToken, { Name });

  it('stores a token with its defaults', async () => {
    const name = unique('token');
    await upsert(token(name, { Roles: ['node', 'App'] }));
    const stored = await get(name);
    expect(stored).toMatchObject({ Kind: 'token', Version: 'v2' });
    expect(stored.Spec).toMatchObject({ Roles: ['Node', 'App'], JoinMethod: 'token' });
    expect(stored.Metadata).toMatchObject({ Namespace: 'default' });
    expect(stored.Metadata?.Revision).toMatch(/^[0-9a-f-]{36}$/);
    expect(stored.Metadata?.Expires).toBeUndefined();

    const kubernetes = unique('token');
    await upsert(
      token(kubernetes, {
        Roles: ['Bot'],
        BotName: 'b',
        JoinMethod: 'kubernetes',
        Kubernetes: { Allow: [{ ServiceAccount: 'ns:sa' }] },
      }),
    );
    expect((await get(kubernetes)).Spec?.Kubernetes?.Type).toBe('in_cluster');

    const gitlab = unique('token');
    await upsert(
      token(gitlab, { Roles: ['Node'], JoinMethod: 'gitlab', GitLab: { Allow: [{ ProjectPath: 'a/b' }] } }),
    );
    expect((await get(gitlab)).Spec?.GitLab?.Domain).toBe('gitlab.com');

    const ec2 = unique('token');
    await upsert(token(ec2, { Roles: ['Node'], Allow: [{ AWSAccount: '1234' }] }));
    expect((await get(ec2)).Spec).toMatchObject({ JoinMethod: 'ec2', AWSIIDTTL: 300_000_000_000n });
  });

  it('replaces, and creates once', async () => {
    const name = unique('token');
    await upsert(token(name));
    await upsert(token(name, { Roles: ['App'] }));
    await eventually(async () => expect((await get(name)).Spec?.Roles).toEqual(['App']));
    const value = token(unique('token'));
    await teleport().admin.unary(rpc.createTokenV2, { Token: { case: 'V2', value } });
    await expectRefusal(
      teleport().admin.unary(rpc.createTokenV2, { Token: { case: 'V2', value } }),
      'AlreadyExists',
      /UNIQUE/,
    );
  });

  it('lists tokens', async () => {
    const name = unique('token');
    await upsert(token(name));
    await eventually(async () => {
      const { ProvisionTokens } = await teleport().admin.unary(rpc.getTokens, {});
      expect(ProvisionTokens.map((one) => one.Metadata?.Name)).toContain(name);
    });
  });

  it('lists what is stored, past the cache that single reads come from', async () => {
    const name = unique('token');
    await upsert(token(name));
    await eventually(async () => expect((await get(name)).Spec?.Roles).toEqual(['Node']));
    const listed = async () => {
      const { ProvisionTokens } = await teleport().admin.unary(rpc.getTokens, {});
      return ProvisionTokens.find(({ Metadata }) => Metadata?.Name === name);
    };
    for (const role of ['App', 'Kube', 'Db']) {
      await upsert(token(name, { Roles: [role] }));
      expect((await listed())?.Spec?.Roles).toEqual([role]);
    }
    await teleport().admin.unary(rpc.deleteToken, { Name: name });
    expect(await listed()).toBeUndefined();
  });

  it('tells apart a missing token on reading and deleting', async () => {
    await expectRefusal(get('nothing-here'), 'NotFound', '"token" "nothing-here" does not exist');
    const remove = (Name: string) => teleport().admin.unary(rpc.deleteToken, { Name });
    await expectRefusal(remove('nothing-here'), 'NotFound', 'provisioning token(*********ere) not found');
    await expectRefusal(remove(''), 'BadParameter', 'missing parameter token');
    const name = unique('token');
    await upsert(token(name));
    await remove(name);
    await eventually(() => expectRefusal(get(name), 'NotFound', `"token" "${name}" does not exist`));
  });

  it('refuses a write without a token', async () => {
    await expectRefusal(teleport().admin.unary(rpc.upsertTokenV2, {}), 'BadParameter', /token/);
    await expectRefusal(teleport().admin.unary(rpc.createTokenV2, {}), 'BadParameter', /token/);
  });

  it.each<[string, Spec, RegExp]>([
    ['no roles', {}, /^provisioning token is missing roles$/],
    ['an unknown role', { Roles: ['Nonsense'] }, /^role Nonsense is not registered$/],
    ['a bot role without a bot', { Roles: ['Bot'] }, /^token with role "Bot" must set bot_name$/],
    [
      'a bot without the role',
      { Roles: ['Node'], BotName: 'b' },
      /^can only set bot_name on token with role "Bot"$/,
    ],
    [
      'an unknown join method',
      { Roles: ['Node'], JoinMethod: 'nonsense' },
      /^unknown join method "nonsense"$/,
    ],
    [
      'allow rules with method token',
      { Roles: ['Node'], JoinMethod: 'token', Allow: [{ AWSAccount: '1' }] },
      /^allow rules are not compatible with the "token" join method$/,
    ],
    [
      'iam without rules',
      { Roles: ['Node'], JoinMethod: 'iam' },
      /^the "iam" join method requires defined token allow rules$/,
    ],
    [
      'github without its block',
      { Roles: ['Node'], JoinMethod: 'github' },
      /^"github" configuration must be provided for join method "github"$/,
    ],
    [
      'kubernetes without rules',
      { Roles: ['Node'], JoinMethod: 'kubernetes', Kubernetes: {} },
      /^spec\.kubernetes:: allow: at least one rule must be set$/,
    ],
    [
      'a malformed service account',
      { Roles: ['Node'], JoinMethod: 'kubernetes', Kubernetes: { Allow: [{ ServiceAccount: 'sa' }] } },
      /name of service account should be in format "namespace:service_account", got "sa" instead$/,
    ],
    [
      'static_jwks without keys',
      {
        Roles: ['Node'],
        JoinMethod: 'kubernetes',
        Kubernetes: { Type: 'static_jwks', Allow: [{ ServiceAccount: 'a:b' }] },
      },
      /static_jwks: must be set when type is "static_jwks"$/,
    ],
  ])('refuses %s', async (_what, spec, text) => {
    await expectRefusal(upsert(token(unique('token'), spec)), 'BadParameter', text);
  });
}
