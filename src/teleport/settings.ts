// What the bot is told by flags and environment, and what can be wrong with it before anything is sent.
import { isAbsolute } from 'node:path';
import { AddressError, parseAddress } from './address.js';
import { TeleportError } from './errors.js';
import { joinMethodMistake } from './join/index.js';
import type { MethodSettings, StateStore } from './join/method.js';
import { readToken } from './join/token.js';
import { pinMistake, readPins } from './trust.js';

export interface BotSettings {
  /** Address of Auth or of a proxy; which of the two is found out. */
  readonly authServer: string;
  /** Address that is certainly a proxy; wins over `authServer`. */
  readonly proxyServer?: string;
  readonly joinMethod: string;
  /** A token's name or value, or the absolute path of a file that holds it. */
  readonly token: string;
  /** `sha256:<hex>` of every host CA, or absolute paths of files that hold such. */
  readonly caPins: readonly string[];
  /** Skips verification at the first contact, and of a proxy's web certificate. */
  readonly insecure: boolean;
  /** Milliseconds. */
  readonly certificateTtlMs: number;
  /** Milliseconds. */
  readonly renewalIntervalMs: number;
  readonly kubernetesTokenPath?: string;
  /** What single join methods read. */
  readonly methodSettings?: MethodSettings;
  /** Where join method bound_keypair keeps its key. */
  readonly store?: StateStore;
  readonly env: NodeJS.ProcessEnv;
}

/** Auth gives no bot a longer life. */
const longestTtlMs = 7 * 24 * 3_600_000;

/** Every mistake in the settings, each with its remedy; empty when there is none. */
export function validateBotSettings(settings: BotSettings): string[] {
  const mistakes: string[] = [];
  const check = (run: () => unknown): void => {
    try {
      run();
    } catch (error) {
      if (!(error instanceof AddressError) && !(error instanceof TeleportError)) throw error;
      mistakes.push(error.message);
    }
  };
  if (settings.proxyServer) check(() => parseAddress(settings.proxyServer ?? '', '-proxy-server'));
  else check(() => parseAddress(settings.authServer, '-auth-server'));
  const method = joinMethodMistake(settings.joinMethod);
  if (method) mistakes.push(method);
  if (settings.token.trim() === '')
    mistakes.push('-token is empty; give the name of a join token, or the path of its file');
  else check(() => readToken(settings.token));
  for (const pin of settings.caPins) {
    const mistake = isAbsolute(pin) ? undefined : pinMistake(pin);
    if (mistake) mistakes.push(mistake);
    else check(() => readPins([pin]));
  }
  if (settings.insecure && settings.caPins.length > 0) {
    mistakes.push('-insecure and -ca-pin exclude each other; drop -insecure, the pins verify the server');
  }
  if (!(settings.certificateTtlMs > 0))
    mistakes.push('-certificate-ttl must be longer than nothing, e.g. 1h');
  if (!(settings.renewalIntervalMs > 0))
    mistakes.push('-renewal-interval must be longer than nothing, e.g. 30m');
  return mistakes;
}

/** What works but should be known. Logged once at the start. */
export function warnAboutSettings(settings: BotSettings): string[] {
  const warnings: string[] = [];
  if (settings.joinMethod === 'token') {
    warnings.push(
      'join method token does not survive a restart: Teleport deletes the token at the first join and the identity ' +
        'lives in memory only; use kubernetes for anything that should last',
    );
  }
  if (settings.insecure) {
    warnings.push('-insecure: whoever answers at the first contact is believed; use it for trials only');
  }
  if (settings.certificateTtlMs <= settings.renewalIntervalMs) {
    warnings.push(
      '-certificate-ttl is not longer than -renewal-interval; certificates are renewed before they end instead',
    );
  }
  if (settings.certificateTtlMs > longestTtlMs)
    warnings.push('-certificate-ttl is above 7 days; Teleport gives 7 days');
  return warnings;
}
