// Reads the addresses that Go programs listen on: ":8080", "127.0.0.1:8080", "[::1]:0". Pure.

export interface BindAddress {
  /** Absent: every address of the machine. */
  readonly host?: string;
  /** 0: any free one. */
  readonly port: number;
}

/**
 * The address, or undefined for '' and '0', which mean: don't listen.
 * @throws Error that tells the form; the caller names the setting
 */
export function parseBindAddress(text: string): BindAddress | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === '0') return undefined;
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(trimmed);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) {
    throw new Error(`expected host:port, :port or [IPv6]:port with a port of 0 to 65535, got "${text}"`);
  }
  const host = match[1] ?? match[2];
  return host ? { host, port } : { port };
}
