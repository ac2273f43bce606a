// A change in Teleport just before the stream of its events begins anew: Auth lists tokens as they are stored, and reads them
// from a cache that does not know of it yet. The pass that the list wakes finds nothing wrong; the stream's own news must wake another.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { openScene, type Scene, unique } from '../e2e/scene.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import { startTeleportWire, type TeleportWire } from '../env/teleport-wire.js';

const kind = 'TeleportProvisionToken';

describe.each(pairs({ staleMs: 3_000 }))(
  'a list that is ahead of Auth’s cache, on $name',
  ({ start, skipped }) => {
    describe.skipIf(skipped)('with the operator running', () => {
      let scene: Scene;
      let wire: TeleportWire;
      let operator: RunningOperator;
      beforeAll(async () => {
        scene = await openScene(await start());
        wire = await startTeleportWire(scene.teleport.authAddress);
        operator = await startOperator({ ...(await scene.operator()), address: wire.address });
        await operator.untilReady();
      }, 90_000);
      afterAll(async () => {
        await operator?.stop();
        await wire?.stop();
        await scene?.close();
      });

      it('hides no deletion', async () => {
        const name = unique('agents');
        const { admin } = scene.teleport;
        const isThere = async (): Promise<boolean> => {
          const { ProvisionTokens: tokens } = await admin.unary(AuthService.method.getTokens, {});
          return tokens.some(({ Metadata: head }) => head?.Name === name);
        };
        await scene.create(kind, name, { join_method: 'token', roles: ['Node'] });
        await scene.untilReady(kind, name);
        // older than what the operator takes for its own last write
        const until = performance.now() + 4_000;
        await eventually(() => performance.now() > until);
        wire.state = 'refused';
        wire.cut();
        await admin.unary(AuthService.method.deleteToken, { Name: name });
        wire.state = 'open';
        await eventually(isThere, { timeoutMs: 30_000 });
      }, 60_000);
    });
  },
);
