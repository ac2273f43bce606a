import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCa, type TestCa } from '../../test/builders/teleport-certificates.js';
import { splitPem } from './identity.js';
import { checkPins, pinMistake, pinOf, readPins, systemRoots } from './trust.js';

let first: TestCa;
let second: TestCa;
let folder: string;
beforeAll(async () => {
  [first, second] = await Promise.all([makeCa('a'), makeCa('a')]);
  folder = mkdtempSync(join(tmpdir(), 'roots-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('checkPins', () => {
  it('gives the CAs when every one is pinned', () => {
    const bundle = first.pem + second.pem;
    expect(checkPins(bundle, [pinOf(second.pem), pinOf(first.pem)], Date.now())).toEqual(splitPem(bundle));
  });

  it('refuses when one is not pinned, and names its pin', () => {
    expect(() => checkPins(first.pem + second.pem, [pinOf(first.pem)], Date.now())).toThrow(
      pinOf(second.pem),
    );
  });

  it('refuses an empty answer, whatever the pins', () => {
    expect(() => checkPins('', [pinOf(first.pem)], Date.now())).toThrow('no host CA');
  });

  it('refuses a CA outside its time', () => {
    const year = 365 * 86_400_000;
    for (const now of [Date.now() - year, Date.now() + 20 * year]) {
      expect(() => checkPins(first.pem, [pinOf(first.pem)], now)).toThrow('is valid from');
    }
  });

  it('makes pins that the check of settings takes', () => {
    expect(pinMistake(pinOf(first.pem))).toBeUndefined();
  });
});

describe('readPins', () => {
  it('takes pins as they are, and those of files', () => {
    const [one, two] = [pinOf(first.pem), pinOf(second.pem)];
    const path = join(folder, 'pins');
    writeFileSync(path, `${one}\n${two},\n`);
    expect(readPins([two])).toEqual([two]);
    expect(readPins([two, path])).toEqual([two, one, two]);
  });

  it.each([
    ['absent', undefined, 'cannot be read (ENOENT)'],
    ['empty', '\n', 'is empty; put the pins there'],
    ['of something else', `sha256:${'a'.repeat(64)} sha1:abc`, 'its word 2 is not a pin; give sha256:'],
    ['in upper case', `sha256:${'A'.repeat(64)}`, 'upper-case digits never match'],
  ])('names a file that is %s', (name, content, text) => {
    const path = join(folder, name);
    if (content !== undefined) writeFileSync(path, content);
    expect(() => readPins([path])).toThrow(text);
    expect(() => readPins([path])).toThrow(`-ca-pin names the file ${path}`);
  });
});

describe('systemRoots', () => {
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it('takes SSL_CERT_FILE in place of the system', () => {
    const SSL_CERT_FILE = file('ca.pem', `# a comment\n${first.pem}${second.pem}`);
    expect(systemRoots({ SSL_CERT_FILE })).toEqual(splitPem(first.pem + second.pem));
  });

  it('takes every file of SSL_CERT_DIR, several folders', () => {
    for (const name of ['one', 'two', 'two/sub']) mkdirSync(join(folder, name));
    file('one/a.pem', first.pem);
    file('two/b.crt', second.pem);
    const SSL_CERT_DIR = `${join(folder, 'one')}:${join(folder, 'two')}`;
    expect(new Set(systemRoots({ SSL_CERT_DIR }))).toEqual(new Set(splitPem(first.pem + second.pem)));
  });

  it('adds NODE_EXTRA_CA_CERTS to what there is', () => {
    const roots = systemRoots({ NODE_EXTRA_CA_CERTS: file('extra.pem', first.pem) });
    expect(roots).toContain(splitPem(first.pem)[0]);
    expect(roots.length).toBeGreaterThan(Math.min(20, rootCertificates.length));
  });

  it('says which variable names what cannot be read', () => {
    expect(() => systemRoots({ SSL_CERT_FILE: join(folder, 'none') })).toThrow(
      /^SSL_CERT_FILE names .*none.*ENOENT/,
    );
    expect(() => systemRoots({ SSL_CERT_DIR: join(folder, 'none') })).toThrow(/^SSL_CERT_DIR names .*ENOENT/);
  });
});
