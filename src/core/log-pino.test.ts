import { expect, test } from 'vitest';
import type { LogLevel } from './log.js';
import { createLogger } from './log-pino.js';
import { VirtualClock } from './virtual-clock.js';

function capture(level: LogLevel) {
  const lines: string[] = [];
  const log = createLogger({
    level,
    component: 'operator',
    clock: new VirtualClock(Date.UTC(2026, 10, 21, 1, 2, 3, 4)),
    write: (line) => lines.push(line),
  });
  return { log, lines };
}

test('a line carries level, timestamp, component, message and the fields', () => {
  const { log, lines } = capture('INFO');
  log.info('object reconciled', { object: 'ns/a', passes: 2n });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/\n$/);
  expect(JSON.parse(lines[0]!)).toEqual({
    level: 'INFO',
    timestamp: '2026-11-21T01:02:03.004Z',
    component: 'operator',
    message: 'object reconciled',
    object: 'ns/a',
    passes: 2,
  });
});

test('lines below the level are dropped', () => {
  const { log, lines } = capture('WARN');
  log.debug('d');
  log.info('i');
  log.warn('w');
  log.error('e');
  expect(lines.map((line) => JSON.parse(line).level)).toEqual(['WARN', 'ERROR']);
});

test('bound fields are kept, later ones win, and no key is printed twice', () => {
  const { log, lines } = capture('DEBUG');
  log.with({ component: 'kube', pass: 'p1' }).with({ pass: 'p2' }).debug('x', { kind: 'TeleportUser' });
  expect(JSON.parse(lines[0]!)).toMatchObject({ component: 'kube', pass: 'p2', kind: 'TeleportUser' });
  expect(lines[0]!.match(/"component"/g)).toHaveLength(1);
  expect(lines[0]!.match(/"pass"/g)).toHaveLength(1);
});

test('an error is printed as its text', () => {
  const { log, lines } = capture('INFO');
  log.error('failed', { error: new Error('no route') });
  expect(JSON.parse(lines[0]!).error).toBe('no route');
});

test('of a mistake in the program the place is printed too, of anything else it is not', () => {
  const { log, lines } = capture('INFO');
  log.error('failed', { error: mistaken() });
  log.warn('failed', { error: new Error('the call failed', { cause: mistaken() }) });
  log.error('failed', { error: new Error('no route', { cause: new Error('ECONNREFUSED') }) });
  const [bare, wrapped, other] = lines.map((line) => JSON.parse(line));
  expect(bare.error).toBe("Cannot read properties of undefined (reading 'name')");
  expect(bare.stack).toMatch(/^ {4}at mistaken \(.*log-pino\.test\.ts:\d+:\d+\)\n {4}at /);
  expect(wrapped).toMatchObject({
    error: 'the call failed',
    stack: expect.stringMatching(/^ {4}at mistaken/),
  });
  expect(other).not.toHaveProperty('stack');
});

function mistaken(): unknown {
  try {
    return (undefined as unknown as { name: string }).name;
  } catch (error) {
    return error;
  }
}
