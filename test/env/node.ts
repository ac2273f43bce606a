// What the Node under the tests does otherwise than others, where a test would be about Node instead of us.

/** Why what a client's certificate came with is not told to a server; undefined where it is. Node 24.20.0 and 24.22 tell it. */
export const chainsUntold =
  process.version === 'v24.21.0'
    ? 'Node 24.21.0 does not tell a server what a certificate came with'
    : undefined;
