// Reading and setting what every resource says about itself, in all the shapes that Teleport's messages have:
// metadata at the top or in a header, with upper-case field names or lower-case ones.
import type { Message } from '@bufbuild/protobuf';
import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';

interface Upper {
  Name: string;
  Description: string;
  Revision: string;
  Expires?: Timestamp;
  Labels: Record<string, string>;
}

interface Lower {
  name: string;
  description: string;
  revision: string;
  expires?: Timestamp;
  labels: Record<string, string>;
}

interface Shape {
  Metadata?: Upper;
  metadata?: Upper | Lower;
  Header?: { Metadata?: Upper };
  header?: { metadata?: Lower };
}

function metadataOf(resource: Message): Upper | Lower | undefined {
  const shape = resource as Shape;
  return shape.Metadata ?? shape.metadata ?? shape.Header?.Metadata ?? shape.header?.metadata;
}

const isUpper = (metadata: Upper | Lower): metadata is Upper => 'Name' in metadata;

export function nameOf(resource: Message): string {
  const metadata = metadataOf(resource);
  if (!metadata) return '';
  return isUpper(metadata) ? metadata.Name : metadata.name;
}

export function revisionOf(resource: Message): string {
  const metadata = metadataOf(resource);
  if (!metadata) return '';
  return isUpper(metadata) ? metadata.Revision : metadata.revision;
}

export function setRevision(resource: Message, revision: string): void {
  const metadata = metadataOf(resource);
  if (!metadata) return;
  if (isUpper(metadata)) metadata.Revision = revision;
  else metadata.revision = revision;
}

/** The labels themselves, not a copy. */
export function labelsOf(resource: Message): Record<string, string> {
  const metadata = metadataOf(resource);
  if (!metadata) return {};
  return isUpper(metadata) ? metadata.Labels : metadata.labels;
}

/** Milliseconds since the epoch, or undefined where the resource stays. */
export function expiryOf(resource: Message): number | undefined {
  const metadata = metadataOf(resource);
  if (!metadata) return undefined;
  const expires = isUpper(metadata) ? metadata.Expires : metadata.expires;
  return expires ? timestampMs(expires) : undefined;
}

/** Legacy resources stand in a namespace; newer ones say none. */
export function setNamespace(resource: Message): void {
  const metadata = metadataOf(resource);
  if (metadata && isUpper(metadata)) (metadata as Upper & { Namespace: string }).Namespace ||= 'default';
}

/** Whether a search for the word finds the resource: by name, description or labels. */
export function mentions(resource: Message, word: string): boolean {
  const metadata = metadataOf(resource);
  if (!metadata) return false;
  const description = isUpper(metadata) ? metadata.Description : metadata.description;
  const text = [nameOf(resource), description, ...Object.entries(labelsOf(resource)).flat()];
  return text.some((part) => part.toLowerCase().includes(word.toLowerCase()));
}
