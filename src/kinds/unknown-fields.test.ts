// A newer server's fields through an update of ours, over the wire's own bytes.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import { RoleOptionsSchema, RoleV6Schema } from '../gen/teleport/types/role_pb.js';
import { carryUnknownFields } from './unknown-fields.js';

/** Bytes of a field that no message here has. */
const newer = (text: string): Uint8Array =>
  new BinaryWriter().tag(2_000, WireType.LengthDelimited).string(text).finish();

describe('carryUnknownFields', () => {
  it('keeps what a newer server stored, at every level that both have', () => {
    const options = Buffer.concat([
      toBinary(RoleOptionsSchema, create(RoleOptionsSchema, { MaxSessions: 3n })),
      newer('restriction'),
    ]);
    const stored = create(RoleV6Schema, {
      Kind: 'role',
      Spec: { Options: fromBinary(RoleOptionsSchema, options) },
    });
    stored.$unknown = fromBinary(RoleV6Schema, newer('scope')).$unknown!;
    const wanted = create(RoleV6Schema, { Kind: 'role', Spec: { Options: { MaxSessions: 5n } } });
    carryUnknownFields(RoleV6Schema, stored, wanted);
    const sent = Buffer.from(toBinary(RoleV6Schema, wanted)).toString();
    expect(sent).toContain('restriction');
    expect(sent).toContain('scope');
    expect(wanted.Spec?.Options?.MaxSessions).toBe(5n);
  });

  it('adds nothing where there is nothing unknown', () => {
    const wanted = create(RoleV6Schema, { Kind: 'role' });
    carryUnknownFields(RoleV6Schema, create(RoleV6Schema, { Kind: 'role', Spec: { Options: {} } }), wanted);
    expect(wanted).toEqual(create(RoleV6Schema, { Kind: 'role' }));
  });
});
