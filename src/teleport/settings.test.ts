import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type BotSettings, validateBotSettings, warnAboutSettings } from './settings.js';

const good: BotSettings = {
  authServer: '127.0.0.1:3025',
  joinMethod: 'kubernetes',
  token: 'teleport-operator',
  caPins: [],
  insecure: false,
  certificateTtlMs: 3_600_000,
  renewalIntervalMs: 1_800_000,
  env: {},
};
const pin = `sha256:${'0a'.repeat(32)}`;
const mistakes = (change: Partial<BotSettings>) => validateBotSettings({ ...good, ...change });

describe('validateBotSettings', () => {
  it('has nothing against the defaults', () => expect(mistakes({ caPins: [pin] })).toEqual([]));

  it('lists all mistakes at once', () => {
    const all = mistakes({
      authServer: 'nowhere',
      joinMethod: 'magic',
      token: ' ',
      caPins: ['sha256:xyz', pin.toUpperCase().replace('SHA', 'sha')],
      insecure: true,
      certificateTtlMs: 0,
      renewalIntervalMs: Number.NaN,
    });
    expect(all).toEqual([
      expect.stringMatching(/^-auth-server "nowhere": the port is missing/),
      expect.stringMatching(/^-join-method "magic" is not a join method; supported are: .*kubernetes.*token/),
      expect.stringMatching(/^-token is empty/),
      expect.stringMatching(/^-ca-pin "sha256:xyz": not a pin; give sha256:/),
      expect.stringMatching(/upper-case digits never match/),
      expect.stringMatching(/^-insecure and -ca-pin exclude each other/),
      expect.stringMatching(/^-certificate-ttl/),
      expect.stringMatching(/^-renewal-interval/),
    ]);
  });

  it('says of methods that bots do not have that they are not supported', () => {
    expect(mistakes({ joinMethod: 'tpm' })).toEqual([expect.stringContaining('"tpm" is not supported')]);
  });

  it('judges -proxy-server instead of -auth-server when there is one', () => {
    expect(mistakes({ authServer: '', proxyServer: 'proxy.example.com:443' })).toEqual([]);
    expect(mistakes({ proxyServer: 'proxy' })).toEqual([expect.stringMatching(/^-proxy-server "proxy"/)]);
  });

  it('reads a token file when the token is an absolute path, and never shows what is in it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'token-'));
    try {
      const token = join(folder, 'token');
      expect(mistakes({ token })).toEqual([expect.stringMatching(/^-token names the file .*ENOENT/)]);
      writeFileSync(token, ' \n');
      expect(mistakes({ token })).toEqual([expect.stringContaining('is empty')]);
      writeFileSync(token, 's3cret');
      expect(mistakes({ token })).toEqual([]);
      expect(JSON.stringify(mistakes({ token, joinMethod: 'x', caPins: ['x'] }))).not.toContain('s3cret');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it('wants a file of pins to be there, and in form', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pins-'));
  try {
    const pins = join(folder, 'pins');
    expect(mistakes({ caPins: [pins] })).toEqual([expect.stringMatching(/^-ca-pin names the file .*ENOENT/)]);
    writeFileSync(pins, `sha256:${'a'.repeat(64)}\n`);
    expect(mistakes({ caPins: [pins] })).toEqual([]);
    // Such as the token's file, by mistake.
    writeFileSync(pins, `s3cret\n`);
    const said = mistakes({ caPins: [pins] });
    expect(said).toEqual([expect.stringContaining(`-ca-pin names the file ${pins}`)]);
    expect(said.join()).not.toContain('s3cret');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('warnAboutSettings', () => {
  const warnings = (change: Partial<BotSettings>) => warnAboutSettings({ ...good, ...change }).join('\n');

  it('is silent about the defaults', () => expect(warnings({})).toBe(''));
  it('warns of what works but does not last', () => {
    expect(warnings({ joinMethod: 'token' })).toContain('does not survive a restart');
    expect(warnings({ insecure: true })).toContain('-insecure');
    expect(warnings({ certificateTtlMs: 60_000 })).toContain('not longer than -renewal-interval');
    expect(warnings({ certificateTtlMs: 8 * 86_400_000 })).toContain('above 7 days');
  });
});
