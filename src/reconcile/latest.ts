// What Teleport has stored, past Auth's cache, for updates that no revision guards: it is read by the kind's list
// (kinds/kind.ts, Unguarded). Lists are dear, so all who ask while one is under way share the one that comes after it.
import type { Message } from '@bufbuild/protobuf';
import type { AnyKind } from '../kinds/kind.js';
import type { TeleportClient } from '../teleport/client.js';

type ByName = ReadonlyMap<string, Message>;

export class LatestReads {
  /** The list that has not begun; it is new to whoever asks now. */
  #next: Promise<ByName> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** All resources of the kind, as they are stored at some moment after this call. @throws TeleportError */
  read(kind: AnyKind, teleport: TeleportClient, signal: AbortSignal): Promise<ByName> {
    if (this.#next) return this.#next;
    const next = this.#last.then(() => {
      this.#next = undefined;
      return listed(kind, teleport, signal);
    });
    this.#next = next;
    this.#last = next.catch(() => {});
    return next;
  }
}

async function listed(kind: AnyKind, teleport: TeleportClient, signal: AbortSignal): Promise<ByName> {
  const found = new Map<string, Message>();
  for await (const page of kind.calls.list?.pages(teleport, signal) ?? [])
    for (const resource of page) found.set(kind.form.head(resource).name, resource);
  return found;
}
