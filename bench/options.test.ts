import { describe, expect, it } from 'vitest';
import { percentile } from './figures.js';
import { readOptions } from './options.js';
import { aligned } from './report.js';
import { readMetrics, since } from './scrape.js';
import { drawChart } from './svg.js';

const real = { KUBEBUILDER_ASSETS: '/k', TELEPORT_BIN_DIR: '/t' };

describe('readOptions', () => {
  it('takes real servers where there are some, and leaves out what they can not show', () => {
    expect(readOptions([], real)).toMatchObject({ servers: 'real', sizes: [1000] });
    expect(readOptions([], real).scenarios).not.toContain('secrets');
    expect(readOptions([], {}).servers).toBe('embedded');
    expect(readOptions([], {}).scenarios).toContain('secrets');
  });

  it('puts another operator beside ours', () => {
    const { operators } = readOptions(['--other', '/go/operator -debug'], {});
    expect(operators.map(({ command }) => command)).toEqual([
      ['node', 'dist/main.js'],
      ['/go/operator', '-debug'],
    ]);
  });

  it.each([
    [['--n', 'many'], /--n: "many"/],
    [['--n'], /--n needs a value/],
    [['--size', '3'], /--size is no option/],
    [['--scenario', 'creat'], /creat is none of/],
    [['--servers', 'real'], /KUBEBUILDER_ASSETS/],
    [['--rounds', '2', '--scenario', 'create,update'], /--rounds: .*create and delete/],
  ])('refuses %j', (args, why) => {
    expect(() => readOptions(args, {})).toThrow(why);
  });
});

describe('figures', () => {
  it('reads counts from both operators’ metrics', () => {
    const before = readMetrics('rest_client_requests_total{code="200",method="PATCH",host="h"} 2\n');
    const now = readMetrics(
      [
        '# TYPE rest_client_requests_total counter',
        'rest_client_requests_total{code="200",method="PATCH",host="h"} 5',
        'rest_client_requests_total{code="409",method="PATCH",host="h"} 1',
        'teleport_operator_teleport_call_duration_seconds_count{service="s",method="GetRole",code="OK"} 7',
        'controller_runtime_reconcile_total{controller="a",result="success"} 3',
      ].join('\n'),
    );
    expect(since(before, now)).toEqual({ kube: { PATCH: 4 }, teleport: { GetRole: 7 }, passes: 3 });
  });

  it('takes percentiles as the nearest value that is there', () => {
    expect(percentile([5, 1, 3], 0.5)).toBe(3);
    expect(percentile([5, 1, 3], 0.99)).toBe(5);
    expect(percentile([], 0.5)).toBeUndefined();
  });

  it('prints columns side by side', () => {
    expect(
      aligned([
        ['name', 'n'],
        ['long name', '10'],
        ['x', '5'],
      ]),
    ).toBe('name       n\nlong name  10\nx           5');
  });

  it('draws each line with its name', () => {
    const svg = drawChart('Time', 'objects', [
      {
        name: 'create',
        points: [
          { x: 100, y: 1 },
          { x: 1000, y: 9 },
        ],
      },
    ]);
    expect(svg).toContain('<polyline');
    expect(svg).toContain('>create<');
    expect(svg).not.toContain('NaN');
  });
});
