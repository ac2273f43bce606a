import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { silentLogger } from '../core/log.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { type Features, FeaturesSchema } from '../gen/teleport/client/authservice_pb.js';
import type { TeleportClient } from '../teleport/client.js';
import { TeleportError } from '../teleport/errors.js';
import { LicenceWatch } from './licence-watch.js';

it('learns of another licence within half a minute, and lives through an outage', async () => {
  const clock = new VirtualClock();
  const community = create(FeaturesSchema);
  let answer: Features | undefined = community;
  let asked = 0;
  const unary = async () => {
    asked++;
    if (!answer) throw new TeleportError('Unavailable', 'restarting');
    return { ServerFeatures: answer };
  };
  const watch = new LicenceWatch({
    teleport: { unary } as unknown as TeleportClient,
    clock,
    log: silentLogger,
    atFirst: () => community,
  });
  let changes = 0;
  const stop = new AbortController();
  const running = watch.run(() => changes++, stop.signal);
  await clock.advance(60_000);
  expect({ asked, changes, oidc: watch.features()?.OIDC }).toEqual({ asked: 2, changes: 0, oidc: false });
  answer = undefined;
  await clock.advance(30_000);
  answer = create(FeaturesSchema, { OIDC: true });
  await clock.advance(30_000);
  expect({ asked, changes, oidc: watch.features()?.OIDC }).toEqual({ asked: 4, changes: 1, oidc: true });
  stop.abort();
  await clock.advance(1);
  await running;
});
