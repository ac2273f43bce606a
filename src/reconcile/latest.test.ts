// Lists that are shared, and never older than the question.
import type { Message } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { type ProvisionTokenV2, ProvisionTokenV2Schema } from '../gen/teleport/types/provision_token_pb.js';
import type { AnyKind } from '../kinds/kind.js';
import { provisionToken } from '../kinds/provision-token.js';
import type { TeleportClient } from '../teleport/client.js';
import { TeleportError } from '../teleport/errors.js';
import { LatestReads } from './latest.js';

function world() {
  const state = { description: 'first', lists: 0, fails: false };
  const gates: (() => void)[] = [];
  const kind: AnyKind = {
    ...provisionToken,
    calls: {
      ...provisionToken.calls,
      list: {
        method: provisionToken.calls.get.method,
        async *pages(): AsyncIterable<Message[]> {
          state.lists++;
          const Description = state.description;
          await new Promise<void>((resolve) => gates.push(resolve));
          if (state.fails) throw new TeleportError('Unavailable', 'made to fail');
          yield [create(ProvisionTokenV2Schema, { Metadata: { Name: 'ci', Description } })];
        },
      },
    },
  };
  const latest = new LatestReads();
  const ask = async () => {
    const all = await latest.read(kind, {} as TeleportClient, new AbortController().signal);
    return (all.get('ci') as ProvisionTokenV2 | undefined)?.Metadata?.Description;
  };
  const began = async (): Promise<void> => {
    await expect.poll(() => gates.length).toBeGreaterThan(0);
  };
  const answer = async (): Promise<void> => {
    await began();
    gates.shift()?.();
  };
  return { state, ask, answer, began };
}

describe('the latest state', () => {
  it('is listed once for all who ask while a list is under way, and not by that list', async () => {
    const { state, ask, answer, began } = world();
    const first = ask();
    await began();
    state.description = 'second';
    const others = [ask(), ask(), ask()];
    await answer();
    await answer();
    expect(await first).toBe('first');
    expect(await Promise.all(others)).toEqual(['second', 'second', 'second']);
    expect(state.lists).toBe(2);
  });

  it('is listed again after a list that failed', async () => {
    const { state, ask, answer } = world();
    state.fails = true;
    const failed = ask().catch((error: unknown) => error);
    await answer();
    expect(await failed).toBeInstanceOf(TeleportError);
    state.fails = false;
    const next = ask();
    await answer();
    expect(await next).toBe('first');
  });
});
