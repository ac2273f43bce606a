// What is wrong with an object, gathered field by field, so that its author can mend everything at once.

/** One wrong field. */
export interface Problem {
  /** As in `spec.allow.node_labels["env"][0]`. */
  readonly path: string;
  /** What the field holds, never a secret, and what it may hold. */
  readonly message: string;
}

const shown = 10;

/** A custom resource cannot be read. The message is one line and free of secrets. */
export class DecodeError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const lines = problems.slice(0, shown).map(({ path, message }) => `${path}: ${message}`);
    if (problems.length > shown) lines.push(`and ${problems.length - shown} more`);
    super(lines.join('; '));
    this.name = 'DecodeError';
    this.problems = problems;
  }
}

/** A place in the object, and where to report what is wrong there. */
export class Place {
  private constructor(
    readonly path: string,
    readonly sensitive: boolean,
    private readonly found: Problem[],
  ) {}

  static root(path: string): Place {
    return new Place(path, false, []);
  }

  /** The value of a named field. */
  field(name: string, sensitive: boolean): Place {
    return new Place(`${this.path}.${name}`, this.sensitive || sensitive, this.found);
  }

  /** The value under a key that the author chose. */
  key(key: string): Place {
    return new Place(`${this.path}[${quote(key)}]`, this.sensitive, this.found);
  }

  item(index: number): Place {
    return new Place(`${this.path}[${index}]`, this.sensitive, this.found);
  }

  report(message: string): undefined {
    this.found.push({ path: this.path, message });
    return undefined;
  }

  /** Reports that the value is not of the wanted form. */
  mismatch(value: unknown, wanted: string): undefined {
    return this.report(`is ${formOf(value)}, must be ${wanted}`);
  }

  /** Reports a text of the right type that says nothing known; shows it, unless it is a secret. */
  unknownText(text: string, wanted: string): undefined {
    return this.report(this.sensitive ? `must be ${wanted}` : `is ${quote(text)}, must be ${wanted}`);
  }

  /** @throws DecodeError where anything was reported, here or at any place of the same object. */
  finish(): void {
    if (this.found.length > 0) throw new DecodeError(this.found);
  }
}

/** The kind of a JSON value, without its content. */
export function formOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return value === '' ? 'an empty string' : 'a string';
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a number';
  if (typeof value === 'boolean') return 'a boolean';
  return typeof value === 'object' ? 'an object' : `of type ${typeof value}`;
}

/** Text in quotes on one line, cut after 60 characters. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
