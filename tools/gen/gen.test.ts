import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserSpecV2Schema } from '../../src/gen/teleport/types/user_pb.js';
import { commentsOf, prose } from './comments.js';
import { apply, differences, firstChange } from './difference.js';
import { code, markdownTable } from './markdown.js';

describe('commentsOf', () => {
  it('finds the comments of messages and fields', () => {
    const image = create(FileDescriptorSetSchema, {
      file: [
        {
          package: 'types',
          messageType: [{ name: 'UserSpecV2', field: [{ name: 'Roles', number: 4 }] }],
          sourceCodeInfo: {
            location: [
              { path: [4, 0], leadingComments: ' A user.\n Of flesh.\n' },
              { path: [4, 0, 2, 0], leadingComments: ' What it holds.\n' },
            ],
          },
        },
      ],
    });
    const describe = commentsOf(image);
    expect(describe(UserSpecV2Schema)).toBe('A user. Of flesh.');
    expect(describe(UserSpecV2Schema.field.Roles)).toBe('What it holds.');
    expect(describe(UserSpecV2Schema.field.Traits)).toBeUndefined();
  });
});

describe('prose', () => {
  it('joins lines and keeps paragraphs', () => {
    expect(prose(' One\n line.\n\n  Another\n')).toBe('One line.\n\nAnother');
  });
});

describe('differences', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'teleport-operator-gen-test-'));
    mkdirSync(join(root, 'gen'));
    writeFileSync(join(root, 'gen', 'same.ts'), 'a\n');
    writeFileSync(join(root, 'gen', 'changed.ts'), 'a\nb\n');
    writeFileSync(join(root, 'gen', 'stale.ts'), 'a\n');
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });
  const wanted = new Map([
    ['gen/same.ts', 'a\n'],
    ['gen/changed.ts', 'a\nc\n'],
    ['gen/deep/new.ts', 'a\n'],
  ]);

  it('tells missing, changed and stale files', () => {
    expect(differences(root, wanted, ['gen'])).toEqual([
      { path: 'gen/changed.ts', kind: 'changed', detail: 'line 2: "b" should be "c"' },
      { path: 'gen/deep/new.ts', kind: 'missing', detail: '' },
      { path: 'gen/stale.ts', kind: 'stale', detail: '' },
    ]);
  });

  it('are none after they were applied', () => {
    apply(root, wanted, differences(root, wanted, ['gen']));
    expect(differences(root, wanted, ['gen'])).toEqual([]);
    expect(readFileSync(join(root, 'gen', 'changed.ts'), 'utf8')).toBe('a\nc\n');
  });
});

describe('firstChange', () => {
  it('tells lines that are too many or too few', () => {
    expect(firstChange('a', 'a\nb')).toBe('line 2: nothing should be "b"');
    expect(firstChange('a\nb', 'a')).toBe('line 2: "b" should be nothing');
  });
});

describe('markdownTable', () => {
  it('escapes what would break a row', () => {
    expect(markdownTable(['a', 'b'], [[code('x'), 'one | <two>\nthree']])).toBe(
      ['| a | b |', '|---|---|', '| `x` | one \\| \\<two> three |'].join('\n'),
    );
  });
});
