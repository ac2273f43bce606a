// The command resolve-trace: names the source file and line for each place in the program that a text holds, such as a stack
// trace in a log. The maps for it lie beside the program (tools/bundle/program.mjs) and are read here only.
import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';

/** `file:///app/parts/main-XSCPVX5S.mjs:2:345`, or the same as a path; the hash is that of the build. */
const place = /(?:file:\/\/)?(?:[^\s()"'<>]*\/)?([\w.-]+-[A-Z0-9]{8}\.mjs):(\d+):(\d+)/g;

/** The source map of a part by its file name, as JSON; undefined where this build has no such part. */
export type ReadMap = (part: string) => string | undefined;

/** Reads the maps in a folder, as `npm run build` makes it. */
export function mapsIn(folder: URL): ReadMap {
  return (part) => {
    try {
      return readFileSync(new URL(`${part}.map`, folder), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };
}

/** Resolves line by line; keeps the maps that it has read. */
export class TraceResolver {
  /** Parts that were named and are not of this build. */
  readonly strangers = new Set<string>();
  readonly #readMap: ReadMap;
  readonly #maps = new Map<string, SourceMap | undefined>();

  constructor(readMap: ReadMap) {
    this.#readMap = readMap;
  }

  /**
   * A line with sources in the place of parts of the program. The trace in a JSON log line follows it, a line for each call;
   * whatever is not known stays as it is.
   */
  line(text: string): string {
    const { stack, ...others } = logLine(text) ?? {};
    if (typeof stack !== 'string') return this.#places(text);
    return `${JSON.stringify(others)}\n${this.#places(stack)}`;
  }

  #places(text: string): string {
    return text.replaceAll(place, (found: string, part: string, line: string, column: string) => {
      // V8 counts from 1, maps from 0
      const entry = this.#map(part)?.findEntry(Number(line) - 1, Number(column) - 1);
      if (!entry || !('originalSource' in entry)) return found;
      return `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    });
  }

  #map(part: string): SourceMap | undefined {
    if (!this.#maps.has(part)) {
      const json = this.#readMap(part);
      if (json === undefined) this.strangers.add(part);
      this.#maps.set(
        part,
        json === undefined ? undefined : new SourceMap(JSON.parse(json) as SourceMapPayload),
      );
    }
    return this.#maps.get(part);
  }
}

function logLine(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

export interface TraceStreams {
  /** Lines, without their ends. */
  readonly lines: AsyncIterable<string>;
  readonly print: (text: string) => void;
  readonly complain: (text: string) => void;
}

/** Resolves all lines. @returns the exit code: 1 where the trace is of another build */
export async function resolveTrace(
  readMap: ReadMap,
  { lines, print, complain }: TraceStreams,
): Promise<number> {
  const resolver = new TraceResolver(readMap);
  for await (const line of lines) print(`${resolver.line(line)}\n`);
  if (resolver.strangers.size === 0) return 0;
  const parts = [...resolver.strangers].join(', ');
  complain(
    `teleport-operator: not of this build: ${parts}; resolve the trace with the image, or a build of the commit, that wrote it\n`,
  );
  return 1;
}
