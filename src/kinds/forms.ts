// The shapes that Teleport's resources come in: where the name, labels, revision and spec stand. Five
// layouts cover all kinds; a kind names one.
import {
  create,
  type DescMessage,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import type { ResourceNames } from './kind.js';

/** What every resource says about itself. */
export interface ResourceHead {
  readonly name: string;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ResourceForm<Resource> {
  /** A resource made of its head and spec; without a revision. */
  build(names: ResourceNames, head: ResourceHead, spec: Message): Resource;
  head(resource: Resource): ResourceHead;
  /** Kind, version and sub-kind as they stand in the resource; empty where the form has no place for them. */
  names(resource: Resource): ResourceNames;
  /** Empty where Teleport sent none. */
  revision(resource: Resource): string;
  setRevision(resource: Resource, revision: string): void;
  /** Dotted paths that only the server writes: the revision. */
  readonly serverOwned: readonly string[];
  /** Dotted path of name, labels and description. */
  readonly metadata: string;
}

type Fields = Record<string, unknown>;

/** Where things stand in a message. Names are protobuf's local names. */
interface Layout {
  /** Path of the message that holds kind, version, sub-kind and metadata; empty for the resource itself. */
  readonly header: readonly string[];
  /** Field names in Go's style (Kind, Metadata.Name) or in protobuf's (kind, metadata.name). */
  readonly style: 'go' | 'proto';
  /** Field of the spec; undefined where the spec's fields stand in the resource itself. */
  readonly spec: string | undefined;
  /** Names that the header has. */
  readonly names: readonly ('kind' | 'subKind' | 'version')[];
  /** Legacy resources live in a namespace that is always `default`. */
  readonly namespaced: boolean;
  /** The metadata are of package types, with Go's names, though the rest is not. */
  readonly legacyMetadata?: true;
}

const allNames = ['kind', 'subKind', 'version'] as const;

const goName = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

function formOf<Schema extends DescMessage>(
  schema: Schema & DescMessage,
  layout: Layout,
): ResourceForm<MessageShape<Schema>> {
  const own = layout.style === 'go' ? goName : (name: string) => name;
  const meta = layout.style === 'go' || layout.legacyMetadata ? goName : (name: string) => name;
  const headerOf = (resource: Message): Fields =>
    layout.header.reduce<Fields>((at, name) => (at[name] ?? {}) as Fields, resource as unknown as Fields);
  const metadataOf = (resource: Message): Fields | undefined =>
    headerOf(resource)[own('metadata')] as Fields | undefined;
  return {
    build: (names, head, spec) => {
      const header: Fields = {
        [own('metadata')]: {
          [meta('name')]: head.name,
          [meta('description')]: head.description,
          [meta('labels')]: { ...head.labels },
          ...(layout.namespaced ? { [meta('namespace')]: 'default' } : {}),
        },
      };
      for (const name of layout.names) header[own(name)] = names[name] ?? '';
      const body: Fields =
        layout.spec === undefined ? { ...(spec as unknown as Fields) } : { [layout.spec]: spec };
      const placed = layout.header.reduceRight<Fields>((inner, name) => ({ [name]: inner }), header);
      const { $typeName: _, $unknown: __, ...fields } = { ...body, ...placed };
      return create(schema, fields as MessageInitShape<Schema>);
    },
    head: (resource) => {
      const metadata = metadataOf(resource) ?? {};
      return {
        name: (metadata[meta('name')] as string | undefined) ?? '',
        description: (metadata[meta('description')] as string | undefined) ?? '',
        labels: (metadata[meta('labels')] as Record<string, string> | undefined) ?? {},
      };
    },
    names: (resource) => {
      const header = headerOf(resource);
      const read = (name: 'kind' | 'subKind' | 'version'): string =>
        (header[own(name)] as string | undefined) ?? '';
      const subKind = read('subKind');
      return { kind: read('kind'), version: read('version'), ...(subKind === '' ? {} : { subKind }) };
    },
    revision: (resource) => (metadataOf(resource)?.[meta('revision')] as string | undefined) ?? '',
    setRevision: (resource, revision) => {
      const metadata = metadataOf(resource);
      if (metadata) metadata[meta('revision')] = revision;
    },
    serverOwned: [[...layout.header, own('metadata'), meta('revision')].join('.')],
    metadata: [...layout.header, own('metadata')].join('.'),
  };
}

/** Kind, SubKind, Version, Metadata, Spec: most of package types. */
export const legacyForm = <Schema extends DescMessage>(schema: Schema): ResourceForm<MessageShape<Schema>> =>
  formOf(schema, { header: [], style: 'go', spec: 'Spec', names: allNames, namespaced: true });

/** Header and Spec: the newer ones of package types. */
export const legacyHeaderForm = <Schema extends DescMessage>(
  schema: Schema,
): ResourceForm<MessageShape<Schema>> =>
  formOf(schema, { header: ['Header'], style: 'go', spec: 'Spec', names: allNames, namespaced: true });

/** header and spec: access lists. */
export const headerForm = <Schema extends DescMessage>(schema: Schema): ResourceForm<MessageShape<Schema>> =>
  formOf(schema, { header: ['header'], style: 'proto', spec: 'spec', names: allNames, namespaced: false });

/** kind, sub_kind, version, metadata, spec: every resource since Teleport's RFD 153. */
export const rfd153Form = <Schema extends DescMessage>(schema: Schema): ResourceForm<MessageShape<Schema>> =>
  formOf(schema, { header: [], style: 'proto', spec: 'spec', names: allNames, namespaced: false });

/** metadata and version beside the spec's own fields: login rules. */
export const flatForm = <Schema extends DescMessage>(schema: Schema): ResourceForm<MessageShape<Schema>> =>
  formOf(schema, {
    header: [],
    style: 'proto',
    spec: undefined,
    names: ['version'],
    namespaced: true,
    legacyMetadata: true,
  });
