// What a write is told: where it goes, and how it is to be done.
import type { ResourceType, Version } from '../kinds/resource-type.js';
import type { Entry } from '../store.js';
import type { FieldValidation } from './fields.js';

/** Where a write goes. */
export interface Target {
  readonly type: ResourceType;
  readonly version: Version;
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly subresource?: string | undefined;
}

export interface WriteOptions {
  readonly manager: string;
  readonly fieldValidation: FieldValidation;
  readonly dryRun: boolean;
  /** Server-side apply takes fields from other managers. */
  readonly force: boolean;
  /** Throws where who asks may not make what an apply finds missing: the right to patch is not enough. */
  readonly mayCreate?: () => void;
  /** Receives texts for Warning headers. */
  readonly warnings: string[];
}

export interface Written {
  readonly entry: Entry;
  readonly created: boolean;
}
