// Who we are to the API server: the contract, and the forms that need no other program (tokens, basic auth,
// client certificates, impersonation). Exec plugins are in exec-credentials.ts.
import type { Clock } from '../core/clock.js';
import { CachedFile } from './cached-file.js';

/** What a request carries. Held in memory only, never logged. */
export interface Credential {
  /** Headers: Authorization, Impersonate-*. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** PEM of the client certificate (chain) and its key. */
  readonly cert?: string;
  readonly key?: string;
}

export interface Credentials {
  /** The credential for the next request. */
  current(): Promise<Credential>;
  /**
   * Tells that the server refused the present credential (401).
   * @returns whether `current` may now give another one.
   */
  refused(): boolean;
}

/** A value that stands in the configuration, or in a file that may change. */
export type TextSource = { readonly text: string } | { readonly file: string };

export interface StaticOptions {
  readonly token?: TextSource;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly cert?: TextSource;
  readonly key?: TextSource;
  /** Impersonate-* headers. */
  readonly impersonate?: Readonly<Record<string, string | string[]>>;
}

/** Credentials that are written down; those in files are read again each minute and after a 401. */
export function staticCredentials(options: StaticOptions, clock: Clock): Credentials {
  const token = textReader(options.token, clock);
  const cert = textReader(options.cert, clock);
  const key = textReader(options.key, clock);
  const basic = options.basic && `${options.basic.username}:${options.basic.password}`;
  return {
    async current() {
      const headers: Record<string, string | string[]> = { ...options.impersonate };
      const tokenText = (await token?.read())?.trim();
      if (tokenText) headers.authorization = `Bearer ${tokenText}`;
      else if (basic !== undefined) {
        headers.authorization = `Basic ${Buffer.from(basic, 'utf8').toString('base64')}`;
      }
      const certText = await cert?.read();
      const keyText = await key?.read();
      return certText && keyText ? { headers, cert: certText, key: keyText } : { headers };
    },
    refused() {
      const files = [token, cert, key].filter((reader) => reader instanceof CachedFile);
      for (const file of files) file.forget();
      return files.length > 0;
    },
  };
}

/** Reads a text source; undefined for none. */
export function textReader(
  source: TextSource | undefined,
  clock: Clock,
): CachedFile | { read(): Promise<string> } | undefined {
  if (!source) return undefined;
  return 'file' in source ? new CachedFile(source.file, clock) : { read: async () => source.text };
}
