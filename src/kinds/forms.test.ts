// Each layout: what is put in comes out, at the places that Teleport's messages have.
import { create, type DescMessage, type Message } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { AccessListSchema, AccessListSpecSchema } from '../gen/teleport/accesslist/v1/accesslist_pb.js';
import { LoginRuleSchema } from '../gen/teleport/loginrule/v1/loginrule_pb.js';
import { BotSchema, BotSpecSchema } from '../gen/teleport/machineid/v1/bot_pb.js';
import {
  OktaImportRuleSpecV1Schema,
  OktaImportRuleV1Schema,
} from '../gen/teleport/types/okta_import_rule_pb.js';
import { RoleSpecV6Schema, RoleV6Schema } from '../gen/teleport/types/role_pb.js';
import {
  flatForm,
  headerForm,
  legacyForm,
  legacyHeaderForm,
  type ResourceForm,
  rfd153Form,
} from './forms.js';

const names = { kind: 'thing', version: 'v7', subKind: 'sub' };
const head = { name: 'n', description: 'd', labels: { a: 'b' } };

type Form = ResourceForm<Message>;
const cases: [string, Form, Message, string, object][] = [
  ['legacy', legacyForm<DescMessage>(RoleV6Schema), create(RoleSpecV6Schema, {}), 'Metadata.Revision', names],
  [
    'legacy header',
    legacyHeaderForm<DescMessage>(OktaImportRuleV1Schema),
    create(OktaImportRuleSpecV1Schema, { Priority: 3 }),
    'Header.Metadata.Revision',
    names,
  ],
  [
    'header',
    headerForm<DescMessage>(AccessListSchema),
    create(AccessListSpecSchema, { title: 't' }),
    'header.metadata.revision',
    names,
  ],
  [
    'RFD 153',
    rfd153Form<DescMessage>(BotSchema),
    create(BotSpecSchema, { roles: ['r'] }),
    'metadata.revision',
    names,
  ],
  [
    'flat',
    flatForm<DescMessage>(LoginRuleSchema),
    create(LoginRuleSchema, { priority: 5 }),
    'metadata.Revision',
    { kind: '', version: 'v7' },
  ],
];

describe.each(cases)('the %s form', (_title, form, spec, revisionPath, expectedNames) => {
  const resource = form.build(names, head, spec);

  it('gives back head and names', () => {
    expect(form.head(resource)).toEqual(head);
    expect(form.names(resource)).toEqual(expectedNames);
  });

  it('has no revision until one is set, and knows where it stands', () => {
    expect(form.revision(resource)).toBe('');
    form.setRevision(resource, 'r1');
    expect(form.revision(resource)).toBe('r1');
    expect(form.serverOwned).toEqual([revisionPath]);
  });
});

it('keeps the spec', () => {
  expect(
    rfd153Form(BotSchema).build(names, head, create(BotSpecSchema, { roles: ['r'] })).spec?.roles,
  ).toEqual(['r']);
  expect(
    flatForm(LoginRuleSchema).build(names, head, create(LoginRuleSchema, { priority: 5 })).priority,
  ).toBe(5);
});
