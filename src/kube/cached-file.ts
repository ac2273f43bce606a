// A file whose content is read again when it has grown old: projected tokens, rotated certificates.
import { readFile } from 'node:fs/promises';
import type { Clock } from '../core/clock.js';

/** How long a content is used without looking at the file again. */
const freshMs = 60_000;

/** Reads a file at most once a minute, or at once after `forget`. */
export class CachedFile {
  readonly path: string;
  readonly #clock: Clock;
  #content: string | undefined;
  #readAt = 0;

  constructor(path: string, clock: Clock) {
    this.path = path;
    this.#clock = clock;
  }

  /**
   * The file's content. If the file can't be read again, the last good content is used on.
   * @throws the file system's error if the file was never read.
   */
  async read(): Promise<string> {
    const now = this.#clock.monotonic();
    if (this.#content !== undefined && now - this.#readAt < freshMs) return this.#content;
    try {
      const content = await readFile(this.path, 'utf8');
      this.#content = content;
      this.#readAt = now;
      return content;
    } catch (error) {
      if (this.#content === undefined) throw error;
      return this.#content;
    }
  }

  /** Makes the next `read` look at the file. */
  forget(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
  }
}
