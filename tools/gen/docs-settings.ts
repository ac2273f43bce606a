// docs/settings.md from the table in src/cli/settings.ts.
import { type Setting, settings } from '../../src/cli/settings.js';
import { code, markdownTable } from './markdown.js';

export function settingsDoc(): string {
  const rows = Object.values<Setting>(settings).map((setting) => [
    code(`-${setting.flag}`),
    setting.reader.form,
    shown(setting),
    setting.doc,
  ]);
  return [
    '# Settings',
    '',
    '<!-- Made by `npm run gen` from src/cli/settings.ts. -->',
    '',
    'Flags of `teleport-operator`. Written as `-flag value`, `-flag=value`, `--flag value` or `--flag=value`; one that is true or',
    'false also bare. A flag that is given twice counts as the second. Any mistake ends the process with exit code 2 before anything is',
    'done; all mistakes are listed.',
    '',
    markdownTable(['flag', 'form', 'default', 'meaning'], rows),
    '',
  ].join('\n');
}

function shown(setting: Setting): string {
  const text = setting.reader.show(setting.default);
  return text === '' ? 'empty' : code(text);
}
