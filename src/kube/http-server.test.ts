import { afterEach, expect, test } from 'vitest';
import { silentLogger } from '../core/log.js';
import { PromMetrics } from '../core/metrics-prom.js';
import { type Listener, type Route, serveHttp } from './http-server.js';
import { type Check, metricsRoute, probeRoutes } from './probes.js';

let listener: Listener | undefined;
afterEach(async () => {
  await listener?.close();
  listener = undefined;
});

async function start(routes: Record<string, Route>): Promise<string> {
  listener = await serveHttp('127.0.0.1:0', routes, silentLogger);
  return `http://127.0.0.1:${listener!.port}`;
}

async function ask(url: string, init?: RequestInit): Promise<[number, string]> {
  const response = await fetch(url, init);
  return [response.status, await response.text()];
}

test('healthy: ok, and with ?verbose each check', async () => {
  const check: Check = { name: 'ping', check: () => undefined };
  const url = await start(
    probeRoutes({ healthz: [check], readyz: [check, { name: 'teleport', check: async () => undefined }] }),
  );
  expect(await ask(`${url}/healthz`)).toEqual([200, 'ok']);
  expect(await ask(`${url}/readyz?verbose`)).toEqual([
    200,
    '[+]ping ok\n[+]teleport ok\nreadyz check passed\n',
  ]);
});

test('not ready: 503 with the reason, thrown or told', async () => {
  const url = await start(
    probeRoutes({
      healthz: [],
      readyz: [
        { name: 'ping', check: () => undefined },
        { name: 'identity', check: async () => 'the bot is locked' },
        { name: 'kube', check: () => Promise.reject(new Error('away')) },
      ],
    }),
  );
  expect(await ask(`${url}/healthz`)).toEqual([200, 'ok']);
  expect(await ask(`${url}/readyz`)).toEqual([
    503,
    '[+]ping ok\n[-]identity failed: the bot is locked\n[-]kube failed: away\nreadyz check failed\n',
  ]);
});

test('metrics are served with their type', async () => {
  const metrics = new PromMetrics({ process: false });
  metrics.counter('n_total', 'N.').inc();
  const url = await start(metricsRoute(() => metrics.render()));
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(await response.text()).toContain('n_total 1');
});

test('other paths and methods are refused, a route that throws is an error without its text', async () => {
  const url = await start({ '/bad': () => Promise.reject(new Error('secret')) });
  expect(await ask(`${url}/other`)).toEqual([404, 'not found\n']);
  expect((await ask(`${url}/constructor`))[0]).toBe(404);
  expect((await ask(`${url}/bad`, { method: 'POST' }))[0]).toBe(405);
  expect(await ask(`${url}/bad`)).toEqual([500, 'internal error\n']);
});

test('"0" and "" mean off; an address in use is told', async () => {
  expect(await serveHttp('0', {}, silentLogger)).toBeUndefined();
  expect(await serveHttp('', {}, silentLogger)).toBeUndefined();
  await start({});
  await expect(serveHttp(`127.0.0.1:${listener!.port}`, {}, silentLogger)).rejects.toThrow('EADDRINUSE');
});

test('the address is told, and closing frees the port at once, open connections or not', async () => {
  await start({ '/hang': () => new Promise(() => {}) });
  expect(listener?.address).toBe(`127.0.0.1:${listener?.port}`);
  const hanging = fetch(`http://${listener!.address}/hang`).catch(() => 'closed');
  const { port } = listener!;
  await ask(`http://127.0.0.1:${port}/other`);
  await listener!.close();
  expect(await hanging).toBe('closed');
  listener = await serveHttp(`127.0.0.1:${port}`, {}, silentLogger);
  expect(listener?.port).toBe(port);
});
