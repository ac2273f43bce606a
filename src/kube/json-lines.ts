// Splits a byte stream into JSON values, one a line, as a watch sends them.

const lineFeed = 0x0a;

/**
 * The values of the stream's lines. Bytes are joined per line only, so a long stream costs what its lines cost.
 * A last line without a line break is given out too; empty lines are not.
 * @throws SyntaxError for a line that is not JSON, and what the stream throws.
 */
export async function* jsonLines(stream: AsyncIterable<Buffer>): AsyncGenerator<unknown, void, void> {
  let rest: Buffer[] = [];
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      const piece = chunk.subarray(start, end);
      start = end + 1;
      const line = rest.length === 0 ? piece : Buffer.concat([...rest, piece]);
      rest = [];
      if (!blank(line)) yield JSON.parse(line.toString('utf8'));
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
  const last = Buffer.concat(rest);
  if (!blank(last)) yield JSON.parse(last.toString('utf8'));
}

function blank(line: Buffer): boolean {
  return line.length === 0 || (line.length === 1 && line[0] === 0x0d);
}
