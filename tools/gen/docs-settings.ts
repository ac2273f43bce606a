// docs/settings.md from the table in src/cli/settings.ts.
import { type Setting, settings, usage } from '../../src/cli/settings.js';
import { chartValues } from './chart-values.js';
import { code, markdownTable } from './markdown.js';

export function settingsDoc(): string {
  const rows = Object.entries<Setting>(settings).map(([key, setting]) => [
    code(`-${setting.flag}`),
    setting.reader.form,
    shown(setting),
    inChart(key as keyof typeof settings),
    setting.doc,
  ]);
  return [
    '# Settings',
    '',
    '<!-- Made by `npm run gen` from src/cli/settings.ts. -->',
    '',
    markdownTable(['command', 'what it does'], commands()),
    '',
    'Flags of `run` and `release`; `doctor` takes them too. Written as `-flag value`, `-flag=value`, `--flag value` or `--flag=value`; one that is true or',
    'false also bare. A flag that is given twice counts as the second. Any mistake ends the process with exit code 2 before anything is',
    'done; all mistakes are listed. The chart sets a flag by the value that is named here, every other one by `extraArgs`.',
    '',
    markdownTable(['flag', 'form', 'default', 'chart value', 'meaning'], rows),
    '',
  ].join('\n');
}

function shown(setting: Setting): string {
  const text = setting.reader.show(setting.default);
  return text === '' ? 'empty' : code(text);
}

function inChart(key: keyof typeof settings): string {
  const value = chartValues[key];
  return value === undefined ? '' : code(value);
}

/** The commands, as `-h` lists them. */
function commands(): string[][] {
  const lines = usage().matchAll(/^(?:usage:)?\s+(teleport-operator \S.*?)\s{2,}(\S.*)$/gm);
  return [...lines].map(([, command = '', what = '']) => [code(command), what]);
}
