// Flags as Go reads them, and what is said of the ones that can't be read.
import { describe, expect, it } from 'vitest';
import { readSettings, SettingsError, usage } from './settings.js';

const problems = (...args: string[]): readonly string[] => {
  try {
    readSettings(args);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
};

describe('readSettings', () => {
  it('has the defaults of the Go operator', () => {
    expect(readSettings([])).toMatchObject({
      authServer: '127.0.0.1:3025',
      joinMethod: 'kubernetes',
      token: 'teleport-operator',
      certificateTtl: 3_600_000,
      renewalInterval: 1_800_000,
      syncPeriod: 36_000_000,
      leaderElectionId: '431e83f4.teleport.dev',
      metricsBindAddress: ':8080',
      healthProbeBindAddress: ':8081',
      pprofBindAddress: '',
      logLevel: 'INFO',
      insecure: false,
      caPins: [],
    });
  });

  it('takes the flags as they stand in the chart of the Go operator', () => {
    const pins = 'sha256:aa,sha256:bb';
    expect(
      readSettings(['-auth-server', 'a:3025', '-join-method', 'kubernetes', '-token', 't', '-ca-pin', pins]),
    ).toMatchObject({ authServer: 'a:3025', token: 't', caPins: ['sha256:aa', 'sha256:bb'] });
  });

  it.each([
    [['-insecure'], true],
    [['--insecure'], true],
    [['-insecure=false'], false],
    [['--insecure=T'], true],
    [['-insecure', '-token', 'x'], true],
  ])('reads %j as %s', (args, insecure) => {
    expect(readSettings(args).insecure).toBe(insecure);
  });

  it('lets a repeated flag replace, not append', () => {
    expect(readSettings(['-ca-pin', 'a', '--ca-pin=b']).caPins).toEqual(['b']);
  });

  it('takes a value that starts with a dash or holds an equals sign', () => {
    expect(readSettings(['-token=-a=b']).token).toBe('-a=b');
  });

  it('lists every mistake with its flag, form and remedy', () => {
    const all = problems(
      '-sync-period',
      '10',
      '-insecure=maybe',
      '-auth_server',
      'x',
      '-log-level',
      'loud',
      'run',
      '-token',
    );
    expect(all).toHaveLength(6);
    expect(all[0]).toBe('-sync-period: "10" is not a duration such as 30m or 1h30m, or 0 for never');
    expect(all[2]).toContain('did you mean -auth-server');
    expect(all[5]).toBe('-token: needs a value, text');
  });

  it('takes 0 for no resync, as the Go operator does, and no time that is less than nothing', () => {
    expect(readSettings(['-sync-period=0']).syncPeriod).toBe(0);
    expect(problems('-sync-period=-5m')).toEqual([
      '-sync-period: "-5m" is not a duration such as 30m or 1h30m, or 0 for never',
    ]);
    for (const limit of ['0', '-1m'])
      expect(problems(`-startup-timeout=${limit}`)).toEqual([
        `-startup-timeout: "${limit}" is not a duration such as 30m or 1h30m, longer than nothing`,
      ]);
  });

  it('shows every flag in -h', () => {
    expect(usage()).toContain('-leader-election-id');
    expect(usage()).toContain('(default 10h0m0s)');
  });

  it('hands out what could be read beside the mistakes, so that the rest is checked as well', () => {
    const error = (() => {
      try {
        return readSettings(['-sync-period', 'xyz', '-join-method', 'nonsense']);
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toMatchObject({
      settings: { joinMethod: 'nonsense', syncPeriod: readSettings([]).syncPeriod },
    });
  });
});
