// Validates a value against a structural schema, with the error texts of kube-apiserver (k8s.io/kube-openapi).
// Left out: CEL rules (x-kubernetes-validations) and embedded resources.
import type { FieldError } from '../errors.js';
import { equal, isObject } from '../json.js';
import { hasFormat } from './formats.js';
import { joinPath, propertySchema, type Schema } from './schema.js';

/** All that is wrong with `value`, in the schema's order. */
export function validate(value: unknown, schema: Schema, path = ''): FieldError[] {
  const errors: FieldError[] = [];
  check(value, schema, path, errors);
  return errors;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  // What does not fit into 64 bits is no integer to Go. Formats int32 and int64 are not checked, there as here.
  if (typeof value === 'number')
    return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? 'integer' : 'number';
  return typeof value;
}

/** A value as Go prints it in a field error. */
export function quoted(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}

function invalid(path: string, value: unknown, rule: string): FieldError {
  return {
    reason: 'FieldValueInvalid',
    field: path,
    message: `Invalid value: ${quoted(value)}: ${path} in body ${rule}`,
  };
}

function ofType(path: string, found: unknown, wanted: string): FieldError {
  const text = quoted(found);
  const message = `Invalid value: ${text}: ${path} in body must be of type ${wanted}: ${text}`;
  return { reason: 'FieldValueTypeInvalid', field: path, message };
}

function check(value: unknown, schema: Schema, path: string, errors: FieldError[]): void {
  const actual = typeName(value);
  if (value === null && schema.nullable === true) return;
  const wanted = schema['x-kubernetes-int-or-string'] ? 'integer,string' : schema.type;
  if (wanted !== undefined) {
    const fits = wanted.split(',').includes(actual) || (wanted === 'number' && actual === 'integer');
    if (!fits) {
      errors.push(ofType(path, actual, wanted));
      return;
    }
  }
  if (schema.enum && !schema.enum.some((allowed) => equal(allowed, value))) {
    const message = `Unsupported value: ${quoted(value)}: supported values: ${schema.enum.map(quoted).join(', ')}`;
    errors.push({ reason: 'FieldValueNotSupported', field: path, message });
  }
  if (typeof value === 'string') checkText(value, schema, path, errors);
  else if (typeof value === 'number') checkNumber(value, schema, path, errors);
  else if (Array.isArray(value)) checkList(value, schema, path, errors);
  else if (isObject(value)) checkObject(value, schema, path, errors);
  checkCombined(value, schema, path, errors);
}

function checkText(value: string, schema: Schema, path: string, errors: FieldError[]): void {
  const { length } = Array.from(value);
  if (schema.maxLength !== undefined && length > schema.maxLength) {
    const message = `Too long: may not be more than ${schema.maxLength} bytes`;
    errors.push({ reason: 'FieldValueTooLong', field: path, message });
  }
  if (schema.minLength !== undefined && length < schema.minLength) {
    errors.push(invalid(path, value, `should be at least ${schema.minLength} chars long`));
  }
  if (schema.pattern !== undefined && !pattern(schema.pattern).test(value)) {
    errors.push(invalid(path, value, `should match '${schema.pattern}'`));
  }
  if (schema.format !== undefined && !hasFormat(value, schema.format))
    errors.push(ofType(path, value, schema.format));
}

const patterns = new Map<string, RegExp>();

/** Go's `(?i)` and `(?s)` at the start become flags; the rest of RE2 is near enough to JavaScript's. */
function pattern(source: string): RegExp {
  let compiled = patterns.get(source);
  if (!compiled) {
    const flags = /^\(\?([is]+)\)/.exec(source);
    compiled = new RegExp(flags ? source.slice(flags[0].length) : source, `${flags?.[1] ?? ''}u`);
    patterns.set(source, compiled);
  }
  return compiled;
}

function checkNumber(value: number, schema: Schema, path: string, errors: FieldError[]): void {
  const { minimum, maximum, multipleOf } = schema;
  if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum)) {
    errors.push(
      invalid(path, value, `should be less than ${schema.exclusiveMaximum ? '' : 'or equal to '}${maximum}`),
    );
  }
  if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum)) {
    errors.push(
      invalid(
        path,
        value,
        `should be greater than ${schema.exclusiveMinimum ? '' : 'or equal to '}${minimum}`,
      ),
    );
  }
  if (multipleOf !== undefined && value % multipleOf !== 0) {
    errors.push(invalid(path, value, `should be a multiple of ${multipleOf}`));
  }
}

function checkList(value: unknown[], schema: Schema, path: string, errors: FieldError[]): void {
  if (schema.maxItems !== undefined && value.length > schema.maxItems) {
    const message = `Too many: ${value.length}: must have at most ${items(schema.maxItems)}`;
    errors.push({ reason: 'FieldValueTooMany', field: path, message });
  }
  if (schema.minItems !== undefined && value.length < schema.minItems) {
    errors.push(invalid(path, value.length, `should have at least ${schema.minItems} items`));
  }
  for (const [index, item] of value.entries()) {
    if (schema.items) check(item, schema.items, `${path}[${index}]`, errors);
  }
  checkUnique(value, schema, path, errors);
}

function checkUnique(value: unknown[], schema: Schema, path: string, errors: FieldError[]): void {
  const kind = schema['x-kubernetes-list-type'];
  if (kind !== 'set' && kind !== 'map') return;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    const key =
      kind === 'set'
        ? item
        : Object.fromEntries(keys.map((name) => [name, isObject(item) ? item[name] : null]));
    const text = quoted(key);
    if (seen.has(text)) {
      errors.push({
        reason: 'FieldValueDuplicate',
        field: `${path}[${index}]`,
        message: `Duplicate value: ${text}`,
      });
    }
    seen.add(text);
  }
}

function checkObject(
  value: Record<string, unknown>,
  schema: Schema,
  path: string,
  errors: FieldError[],
): void {
  for (const name of schema.required ?? []) {
    if (value[name] === undefined) {
      errors.push({ reason: 'FieldValueRequired', field: joinPath(path, name), message: 'Required value' });
    }
  }
  const count = Object.keys(value).length;
  if (schema.maxProperties !== undefined && count > schema.maxProperties) {
    const message = `Too many: ${count}: must have at most ${items(schema.maxProperties)}`;
    errors.push({ reason: 'FieldValueTooMany', field: path, message });
  }
  if (schema.minProperties !== undefined && count < schema.minProperties) {
    errors.push(invalid(path, count, `should have at least ${schema.minProperties} properties`));
  }
  for (const [name, item] of Object.entries(value)) {
    const inner = propertySchema(schema, name);
    if (inner) check(item, inner, joinPath(path, name), errors);
  }
}

function checkCombined(value: unknown, schema: Schema, path: string, errors: FieldError[]): void {
  for (const part of schema.allOf ?? []) check(value, part, path, errors);
  const fits = (part: Schema): boolean => validate(value, part, path).length === 0;
  const combined = (text: string): void => {
    const message = `Invalid value: "": ${JSON.stringify(path)} ${text}`;
    errors.push({ reason: 'FieldValueInvalid', field: '<nil>', message });
  };
  if (schema.anyOf && !schema.anyOf.some(fits)) combined('must validate at least one schema (anyOf)');
  if (schema.oneOf) {
    const count = schema.oneOf.filter(fits).length;
    const found = count === 0 ? 'none valid' : `${count} valid alternatives`;
    if (count !== 1) combined(`must validate one and only one schema (oneOf). Found ${found}`);
  }
  if (schema.not && fits(schema.not)) combined('must not validate the schema (not)');
}

function items(count: number): string {
  return count === 1 ? '1 item' : `${count} items`;
}
