// Node's http, without the names that it has as an ES module: from Node 22.5 on some of them are getters (`WebSocket`,
// `CloseEvent` …), an import reads each, and that loads undici, which nobody here uses.
// Types come from node:http as ever. https and http2 have no such names.
const http = process.getBuiltinModule('node:http');

export const { Agent, createServer, request } = http;
