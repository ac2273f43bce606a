import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { silentLogger } from '../core/log.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { type Features, FeaturesSchema } from '../gen/teleport/client/authservice_pb.js';
import type { TeleportClient } from '../teleport/client.js';
import { TeleportError } from '../teleport/errors.js';
import { ServerWatch } from './server-watch.js';

interface Answer {
  readonly ServerFeatures: Features;
  readonly ServerVersion: string;
}

async function watching(first: Answer) {
  const clock = new VirtualClock();
  const world: { answer: Answer | undefined } = { answer: first };
  const told: string[] = [];
  const unary = async () => {
    if (!world.answer) throw new TeleportError('Unavailable', 'restarting');
    return world.answer;
  };
  const watch = new ServerWatch({
    teleport: { unary } as unknown as TeleportClient,
    clock,
    log: silentLogger,
    atFirst: () => ({ features: first.ServerFeatures, serverVersion: first.ServerVersion }),
  });
  const stop = new AbortController();
  const tell = (what: string) => () => void told.push(what);
  const running = watch.run({ licence: tell('licence'), version: tell('version') }, stop.signal);
  return {
    clock,
    world,
    told,
    watch,
    end: async () => {
      stop.abort();
      await clock.advance(1);
      await running;
    },
  };
}

const community: Answer = { ServerFeatures: create(FeaturesSchema), ServerVersion: '17.5.0' };

it('learns of another licence within half a minute, and lives through an outage', async () => {
  const { clock, world, told, watch, end } = await watching(community);
  await clock.advance(60_000);
  expect([told, watch.features()?.OIDC]).toEqual([[], false]);
  world.answer = undefined;
  await clock.advance(30_000);
  world.answer = { ...community, ServerFeatures: create(FeaturesSchema, { OIDC: true }) };
  await clock.advance(30_000);
  expect([told, watch.features()?.OIDC]).toEqual([['licence'], true]);
  await end();
});

it('learns of another version of the server as soon, once, also where the bot dialled it before', async () => {
  const { clock, world, told, end } = await watching(community);
  world.answer = { ...community, ServerVersion: '18.0.0' };
  await clock.advance(30_000);
  expect(told).toEqual(['version']);
  await clock.advance(90_000);
  expect(told).toEqual(['version']);
  await end();
});
