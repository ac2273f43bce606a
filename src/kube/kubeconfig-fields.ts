// Reads fields out of a parsed kubeconfig with errors that name the file and the field. Knows nothing of what
// the fields mean.
import { dirname, isAbsolute, join } from 'node:path';
import { KubeConfigError } from './access.js';
import type { TextSource } from './credentials.js';

/** One mapping of a kubeconfig file. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  /** The file that it stands in. */
  readonly file: string;
  /** Its place in the file, such as `clusters[prod].cluster`. */
  readonly place: string;

  /** @throws KubeConfigError if `value` is not a mapping. Nothing (null) counts as an empty one. */
  constructor(value: unknown, file: string, place: string) {
    if (value !== null && value !== undefined && !isMapping(value)) {
      throw new KubeConfigError(`${file}: ${place || 'the file'}: expected a mapping`);
    }
    this.#values = isMapping(value) ? value : {};
    this.file = file;
    this.place = place;
  }

  fail(name: string, problem: string): KubeConfigError {
    return new KubeConfigError(`${this.file}: ${this.#path(name)}: ${problem}`);
  }

  has(name: string): boolean {
    const value = this.#values[name];
    return value !== undefined && value !== null && value !== '';
  }

  raw(name: string): unknown {
    return this.#values[name];
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'string') return value;
    throw this.fail(name, 'expected a string');
  }

  flag(name: string): boolean {
    const value = this.#values[name];
    if (value === undefined || value === null) return false;
    if (typeof value === 'boolean') return value;
    throw this.fail(name, 'expected true or false');
  }

  texts(name: string): string[] {
    return this.list(name).map((value) => {
      if (typeof value === 'string') return value;
      throw this.fail(name, 'expected a list of strings');
    });
  }

  list(name: string): unknown[] {
    const value = this.#values[name];
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value;
    throw this.fail(name, 'expected a list');
  }

  child(name: string): Fields | undefined {
    const value = this.#values[name];
    return value === undefined || value === null ? undefined : new Fields(value, this.file, this.#path(name));
  }

  /** A path, made absolute from the file's folder. */
  path(name: string): string | undefined {
    const value = this.text(name);
    return value === undefined || isAbsolute(value) ? value : join(dirname(this.file), value);
  }

  /** PEM given as `<name>-data` (base64, wins) or as the path `<name>`. */
  pem(name: string): TextSource | undefined {
    const data = this.text(`${name}-data`);
    if (data === undefined) {
      const file = this.path(name);
      return file === undefined ? undefined : { file };
    }
    const text = Buffer.from(data, 'base64').toString('utf8');
    if (!text.includes('-----BEGIN ')) throw this.fail(`${name}-data`, 'expected base64 of PEM text');
    return { text };
  }

  #path(name: string): string {
    return this.place ? `${this.place}.${name}` : name;
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
