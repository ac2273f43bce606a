// Reading and setting what every resource says about itself, in both shapes that Teleport's messages have:
// legacy (Metadata with upper-case fields) and newer (metadata with lower-case ones).

import type { Message } from '@bufbuild/protobuf';
import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';

interface LegacyShape {
  Metadata?: {
    Name: string;
    Description: string;
    Revision: string;
    Expires?: Timestamp;
    Labels: Record<string, string>;
  };
}
interface NewerShape {
  metadata?: {
    name: string;
    description: string;
    revision: string;
    expires?: Timestamp;
    labels: Record<string, string>;
  };
}

export function nameOf(resource: Message): string {
  const { Metadata } = resource as LegacyShape;
  return Metadata?.Name ?? (resource as NewerShape).metadata?.name ?? '';
}

export function revisionOf(resource: Message): string {
  const { Metadata } = resource as LegacyShape;
  return Metadata?.Revision ?? (resource as NewerShape).metadata?.revision ?? '';
}

export function setRevision(resource: Message, revision: string): void {
  const legacy = (resource as LegacyShape).Metadata;
  if (legacy) legacy.Revision = revision;
  const newer = (resource as NewerShape).metadata;
  if (newer) newer.revision = revision;
}

export function labelsOf(resource: Message): Record<string, string> {
  return (resource as LegacyShape).Metadata?.Labels ?? (resource as NewerShape).metadata?.labels ?? {};
}

/** Milliseconds since the epoch, or undefined where the resource stays. */
export function expiryOf(resource: Message): number | undefined {
  const expires = (resource as LegacyShape).Metadata?.Expires ?? (resource as NewerShape).metadata?.expires;
  return expires ? timestampMs(expires) : undefined;
}

/** Whether a search for the word finds the resource: by name, description or labels. */
export function mentions(resource: Message, word: string): boolean {
  const description =
    (resource as LegacyShape).Metadata?.Description ?? (resource as NewerShape).metadata?.description;
  const text = [nameOf(resource), description ?? '', ...Object.entries(labelsOf(resource)).flat()];
  return text.some((part) => part.toLowerCase().includes(word.toLowerCase()));
}
