// Whom to believe: CA pins and first contact for the cluster's own CA, the system's roots for a proxy's web
// certificate. Node by itself knows neither the system's CA folder nor SSL_CERT_FILE, which Go reads.
import { createHash, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { TeleportError } from './errors.js';
import { splitPem } from './identity.js';

const remedy = 'give sha256:<64 lower-case hex digits>, as `tctl status` prints it';
const anyCase = /^sha256:[0-9a-fA-F]{64}$/;

/** What is wrong with a pin's text, or undefined. */
export function pinMistake(pin: string): string | undefined {
  if (/^sha256:[0-9a-f]{64}$/.test(pin)) return undefined;
  if (anyCase.test(pin)) return `-ca-pin "${pin}": upper-case digits never match; ${remedy}`;
  return `-ca-pin "${pin}": not a pin; ${remedy}`;
}

/**
 * The pins of the settings: as they are, or the content of the file where one is an absolute path. Read at each first
 * contact, so that a rotation that was missed needs a new pin in the file and no restart.
 * @throws TeleportError (BadParameter)
 */
export function readPins(settings: readonly string[]): string[] {
  return settings.flatMap((setting) => {
    if (!isAbsolute(setting)) return [setting];
    const named = `-ca-pin names the file ${setting}`;
    let text: string;
    try {
      text = readFileSync(setting, 'utf8');
    } catch (cause) {
      const message = `${named}, which cannot be read (${reason(cause)}); mount it, or give the pins themselves`;
      throw new TeleportError('BadParameter', message, { cause });
    }
    const pins = text.split(/[\s,]+/).filter(Boolean);
    if (pins.length === 0)
      throw new TeleportError('BadParameter', `${named}, which is empty; put the pins there, one a line`);
    for (const [index, pin] of pins.entries()) {
      const mistake = pinMistake(pin);
      if (mistake === undefined) continue;
      // What is no pin may be a secret, such as the token, whose file was named by mistake.
      const shown = anyCase.test(pin) ? mistake : `its word ${index + 1} is not a pin; ${remedy}`;
      throw new TeleportError('BadParameter', `${named}: ${shown}`);
    }
    return pins;
  });
}

/** The pin of a certificate: SHA-256 of its public key (SubjectPublicKeyInfo). */
export function pinOf(pem: string): string {
  const key = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(key).digest('hex')}`;
}

/**
 * The host CAs that an unverified Auth showed, if every one matches a pin and is valid now.
 * @param now milliseconds since the epoch.
 * @throws TeleportError (AccessDenied): somebody else answers, or the CA was rotated.
 */
export function checkPins(pemBundle: string, pins: readonly string[], now: number): string[] {
  const cas = splitPem(pemBundle);
  if (cas.length === 0)
    throw new TeleportError('AccessDenied', 'Auth showed no host CA to compare with the CA pins');
  for (const ca of cas) {
    const pin = pinOf(ca);
    if (!pins.includes(pin)) {
      throw new TeleportError(
        'AccessDenied',
        `Auth shows a host CA with the pin ${pin}, which is not among the ${pins.length} of -ca-pin; ` +
          'if `tctl status` shows it too, the CA was rotated: add it, otherwise somebody else answers at this address',
      );
    }
    const { validFrom, validTo } = new X509Certificate(ca);
    if (now < Date.parse(validFrom) || now > Date.parse(validTo)) {
      throw new TeleportError(
        'AccessDenied',
        `the host CA with the pin ${pin} is valid from ${validFrom} to ${validTo} only`,
      );
    }
  }
  return cas;
}

/** Where Linux distributions keep the bundle, in Go's order. */
const systemFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * The roots for a proxy's web certificate, PEM each. SSL_CERT_FILE and SSL_CERT_DIR replace the system's bundle,
 * as in Go; NODE_EXTRA_CA_CERTS adds; Node's built-in list serves where the system has none.
 * @throws TeleportError (BadParameter) when a file or folder that a variable names cannot be read.
 */
export function systemRoots(env: NodeJS.ProcessEnv): string[] {
  const found = new Set<string>();
  const add = (text: string): void => {
    for (const pem of splitPem(text)) found.add(pem);
  };
  if (env.SSL_CERT_FILE) add(readNamed(env.SSL_CERT_FILE, 'SSL_CERT_FILE'));
  for (const folder of (env.SSL_CERT_DIR ?? '').split(':').filter(Boolean)) {
    for (const name of listNamed(folder, 'SSL_CERT_DIR')) {
      const text = readIfThere(join(folder, name));
      if (text !== undefined) add(text);
    }
  }
  if (!env.SSL_CERT_FILE && !env.SSL_CERT_DIR) {
    const bundle = systemFiles.map(readIfThere).find((text) => text !== undefined);
    if (bundle !== undefined) add(bundle);
    else for (const pem of rootCertificates) found.add(pem);
  }
  if (env.NODE_EXTRA_CA_CERTS) add(readIfThere(env.NODE_EXTRA_CA_CERTS) ?? '');
  return [...found];
}

function readNamed(path: string, variable: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new TeleportError(
      'BadParameter',
      `${variable} names ${path}, which cannot be read: ${reason(cause)}`,
      { cause },
    );
  }
}

function listNamed(path: string, variable: string): string[] {
  try {
    return readdirSync(path);
  } catch (cause) {
    throw new TeleportError(
      'BadParameter',
      `${variable} names ${path}, which cannot be listed: ${reason(cause)}`,
      { cause },
    );
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function reason(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
