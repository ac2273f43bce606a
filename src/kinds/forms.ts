// The shapes that Teleport's resources come in: where the name, labels, revision and spec stand. `legacy` is
// the shape of package types (Kind, SubKind, Version, Metadata, Spec).
import {
  create,
  type DescMessage,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import type { Metadata } from '../gen/teleport/types/common_pb.js';
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
  /** Kind, version and sub-kind as they stand in the resource. */
  names(resource: Resource): ResourceNames;
  /** Empty where Teleport sent none. */
  revision(resource: Resource): string;
  setRevision(resource: Resource, revision: string): void;
  /** Dotted paths that only the server writes: revision, expiry … */
  readonly serverOwned: readonly string[];
}

interface LegacyResource extends Message {
  Kind: string;
  SubKind: string;
  Version: string;
  Metadata?: Metadata;
}

/** The form of messages with Kind, SubKind, Version, Metadata and Spec: everything in package types. */
export function legacyForm<Schema extends DescMessage>(
  schema: Schema & DescMessage,
): ResourceForm<MessageShape<Schema>> {
  const read = (resource: MessageShape<Schema>): LegacyResource => resource as unknown as LegacyResource;
  return {
    build: (names, head, spec) =>
      create(schema, {
        Kind: names.kind,
        SubKind: names.subKind ?? '',
        Version: names.version,
        Metadata: {
          Name: head.name,
          Namespace: 'default',
          Description: head.description,
          Labels: { ...head.labels },
        },
        Spec: spec,
      } as unknown as MessageInitShape<Schema>),
    head: (resource) => {
      const metadata = read(resource).Metadata;
      return {
        name: metadata?.Name ?? '',
        description: metadata?.Description ?? '',
        labels: metadata?.Labels ?? {},
      };
    },
    names: (resource) => {
      const { Kind, Version, SubKind } = read(resource);
      return SubKind ? { kind: Kind, version: Version, subKind: SubKind } : { kind: Kind, version: Version };
    },
    revision: (resource) => read(resource).Metadata?.Revision ?? '',
    setRevision: (resource, revision) => {
      const metadata = read(resource).Metadata;
      if (metadata) metadata.Revision = revision;
    },
    serverOwned: ['Metadata.Revision'],
  };
}
