// Short words for writing schemas of built-in types.
import type { Schema } from './schema.js';

export const text = (description: string, more: Schema = {}): Schema => ({
  type: 'string',
  description,
  ...more,
});
export const whole = (description: string, format: 'int32' | 'int64' = 'int32'): Schema => ({
  type: 'integer',
  format,
  description,
});
export const flag = (description: string): Schema => ({ type: 'boolean', description });
export const time = (description: string): Schema => ({
  type: 'string',
  format: 'date-time',
  nullable: true,
  description,
});
export const list = (items: Schema, description: string): Schema => ({ type: 'array', items, description });
export const texts = (description: string): Schema => list({ type: 'string' }, description);
export const map = (values: Schema, description: string): Schema => ({
  type: 'object',
  additionalProperties: values,
  description,
});
export const object = (
  properties: Record<string, Schema>,
  description: string,
  required: string[] = [],
): Schema => ({
  type: 'object',
  description,
  properties,
  ...(required.length > 0 && { required }),
});
/** Kept as it comes, unchecked. */
export const anything = (description: string): Schema => ({
  type: 'object',
  description,
  'x-kubernetes-preserve-unknown-fields': true,
});
