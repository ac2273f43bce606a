// Every command that the documents show is run by docs.test.ts, or stands in a list that says what becomes of it
// (command-fates.ts). `npm run check` runs this file too, for a change of a document alone can break it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  asTheyStand,
  besideRelease,
  byHand,
  byOthers,
  inCheckout,
  inTeleport,
  names,
  notHere,
  onEmptyCluster,
  trial,
} from './command-fates.js';
import { commandsOf, documents } from './commands.js';
import { root } from './helm.js';

describe('commands that the documents show', () => {
  const lists = { onEmptyCluster, besideRelease, inTeleport, inCheckout, byOthers, byHand, notHere };
  const listed = [...Object.values(lists).flatMap((list) => Object.keys(list)), ...names, ...trial];
  const shown = documents
    .flatMap((document) => commandsOf(document))
    .filter(({ document, block }) => block !== 'sh' || !asTheyStand.includes(document));
  const run = asTheyStand
    .flatMap((document) => commandsOf(document))
    .filter(({ block }) => block === 'sh')
    .map(({ text }) => text);

  it('each is run as it stands, or in a list', () => {
    const unknown = shown.filter(({ text }) => !listed.includes(text) && !run.includes(text));
    expect(unknown.map(({ document, text }) => `${document}: ${text}`)).toEqual([]);
  });

  it('the lists hold nothing that is not shown, and nothing twice', () => {
    const texts = new Set(shown.map(({ text }) => text));
    expect(listed.filter((text) => !texts.has(text))).toEqual([]);
    expect(listed.filter((text, i) => listed.indexOf(text) !== i)).toEqual([]);
  });

  it.each([...new Set(Object.values(byOthers))])('%s, which runs some of them, is there', (path) => {
    expect(existsSync(join(root, path))).toBe(true);
  });

  it('sees commands in blocks, tables, sentences, notes and comments', () => {
    const seen = (document: string) => commandsOf(document).map(({ text }) => text);
    expect(seen('docs/uninstall.md')).toContain('helm uninstall teleport-operator --namespace teleport-iac');
    expect(seen('docs/troubleshooting.md')).toContain('tctl bots ls');
    expect(seen('docs/migrate.md')).toContain('helm rollback');
    expect(seen('charts/teleport-operator/templates/NOTES.txt')).toContain(
      'kubectl -n {{ $namespace }} get teleport',
    );
    expect(seen('deploy/kustomize/kustomization.yaml')).toHaveLength(1);
  });
});
