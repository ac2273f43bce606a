// What a PromQL expression asks for, read off Prometheus' own grammar (the one its web interface uses), and what a scrape holds.
import { parser } from '@prometheus-io/lezer-promql';

export interface Matcher {
  readonly label: string;
  readonly op: string;
  readonly value: string;
}

export interface Asked {
  /** Where the grammar doesn't fit; empty for an expression that parses. */
  readonly errors: readonly string[];
  readonly selectors: readonly { readonly name: string; readonly matchers: readonly Matcher[] }[];
  /** Labels of every `by (...)`. */
  readonly grouping: readonly string[];
}

/** Grafana's own words, as it puts them in before it asks. */
export function filledIn(expr: string): string {
  return expr.replaceAll('$__rate_interval', '5m').replaceAll('$namespace', '.*');
}

export function asked(expr: string): Asked {
  const errors: string[] = [];
  const selectors: { name: string; matchers: Matcher[] }[] = [];
  const grouping: string[] = [];
  let label = '';
  let op = '';
  let grouped = false;
  parser.parse(expr).iterate({
    enter: ({ type, from, to }) => {
      const text = expr.slice(from, to);
      if (type.isError) errors.push(`at ${from}: ${JSON.stringify(text)}`);
      if (type.name === 'Identifier') selectors.push({ name: text, matchers: [] });
      if (type.name === 'GroupingLabels') grouped = true;
      if (type.name === 'LabelName' && grouped) grouping.push(text);
      else if (type.name === 'LabelName') label = text;
      if (type.name === 'MatchOp') op = text;
      if (type.name === 'StringLiteral')
        selectors.at(-1)?.matchers.push({ label, op, value: text.slice(1, -1) });
    },
    leave: ({ type }) => {
      if (type.name === 'GroupingLabels') grouped = false;
    },
  });
  return { errors, selectors, grouping };
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The samples of a scrape in Prometheus' text format. */
export function samplesOf(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = ''] = /^([a-z_]\w*)(?:\{(.*)\})? \S+$/i.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, value]) => [key, value]);
    return [{ name, labels: Object.fromEntries(pairs) as Record<string, string> }];
  });
}
