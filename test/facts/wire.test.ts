import { readFileSync } from 'node:fs';
import { clone } from '@bufbuild/protobuf';
import { FieldDescriptorProto_Label, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { buildImage } from '../../tools/gen/image.js';
import { compareWire, type WireFacts } from './compare-wire.js';
import { readExceptions, sortOut } from './exceptions.js';

const facts = JSON.parse(readFileSync('test/facts/wire.json', 'utf8')) as WireFacts;
const image = buildImage(process.cwd());

describe('proto/', () => {
  it('says what Teleport says on the wire', () => {
    const { wrong, unused } = sortOut(compareWire(facts, image), readExceptions('proto/exceptions.json'));
    expect(wrong).toEqual([]);
    expect(unused).toEqual([]);
  });
});

describe('compareWire', () => {
  /** The image with a change to types.ImpersonateConditions. */
  function changed(change: (message: (typeof image.file)[number]['messageType'][number]) => void): string[] {
    const copy = clone(FileDescriptorSetSchema, image);
    const message = copy.file
      .flatMap((file) => (file.package === 'types' ? file.messageType : []))
      .find(({ name }) => name === 'ImpersonateConditions');
    change(message!);
    return compareWire(facts, copy);
  }

  it('finds another number', () => {
    expect(changed((message) => (message.field[0]!.number = 9))).toEqual([
      'types.ImpersonateConditions.Users = 1: is missing',
      'types.ImpersonateConditions.Users = 9: Teleport has no such field',
    ]);
  });

  it('finds another type', () => {
    expect(changed((message) => (message.field[0]!.label = FieldDescriptorProto_Label.OPTIONAL))).toEqual([
      'types.ImpersonateConditions.Users = 1: is "Users: string", should be "Users: repeated string"',
    ]);
  });

  it('finds another name, and lets case and underscores differ', () => {
    expect(changed((message) => (message.field[0]!.name = 'us_ers'))).toEqual([]);
    expect(changed((message) => (message.field[0]!.name = 'people'))).toEqual([
      expect.stringContaining('is "people: repeated string"'),
    ]);
  });

  it('finds what is missing', () => {
    const without = clone(FileDescriptorSetSchema, image);
    for (const file of without.file) {
      file.service = file.service.filter(({ name }) => name !== 'UsersService');
      if (file.package !== 'types') continue;
      for (const { name, value } of file.enumType) if (name === 'RequireMFAType') value.pop();
    }
    const found = compareWire(facts, without);
    expect(found).toContain('rpc teleport.users.v1.UsersService/CreateUser: is missing');
    expect(found).toContainEqual(expect.stringMatching(/^types\.RequireMFAType\..* = 5: is missing$/));
  });
});

describe('sortOut', () => {
  it('takes what is meant by its beginning, and names exceptions that nothing needs', () => {
    expect(sortOut(['a.b = 1: is missing', 'c: is missing'], { 'a.b = 1': 'why', 'd.e': 'why' })).toEqual({
      wrong: ['c: is missing'],
      unused: ['d.e'],
    });
  });
});
