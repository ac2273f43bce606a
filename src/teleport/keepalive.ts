// Is the other side still there? A connection that has been silent is pinged; a dead peer is given up, so that its
// streams fail and are opened anew elsewhere.
import type { ClientHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../core/clock.js';

/**
 * Milliseconds of silence before a ping. Auth takes pings that come faster than one a minute as an offence
 * (joining.md 2.6: GOAWAY too_many_pings).
 */
const silenceMs = 70_000;
/** Milliseconds until an unanswered ping means a dead peer. */
const answerMs = 20_000;

export class Keepalive {
  readonly #h2: ClientHttp2Session;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #onDead: (reason: Error) => void;
  #timer: Timer | undefined;
  #bytesSeen = 0;
  #stopped = false;

  constructor(h2: ClientHttp2Session, socket: Socket, clock: Clock, onDead: (reason: Error) => void) {
    this.#h2 = h2;
    this.#socket = socket;
    this.#clock = clock;
    this.#onDead = onDead;
    this.#wait();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #wait(): void {
    if (this.#stopped) return;
    this.#bytesSeen = this.#socket.bytesRead;
    this.#timer = this.#clock.after(silenceMs, () => {
      if (this.#socket.bytesRead === this.#bytesSeen) this.#ping();
      else this.#wait();
    });
  }

  #ping(): void {
    if (this.#h2.destroyed) return;
    const dead = this.#clock.after(answerMs, () =>
      this.#onDead(new Error(`no answer to a ping for ${answerMs / 1000} s`)),
    );
    this.#timer = dead;
    // Refused when the connection is about to close; then the timer judges.
    this.#h2.ping((error) => {
      dead.cancel();
      if (!error) this.#wait();
    });
  }
}
