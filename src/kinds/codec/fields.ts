// What the proto files' options say about a field, read once per message. Everything in this folder, and the
// CRD generator, asks here instead of reading descriptors' options by itself.
import { type DescEnumValue, type DescField, type DescMessage, getOption } from '@bufbuild/protobuf';
import { type Codec, cr, cr_value } from '../../gen/teleport/operator/v1/options_pb.js';

/** A field with its form in a custom resource. */
export interface FieldForm {
  readonly field: DescField;
  /** The key in a custom resource. */
  readonly name: string;
  readonly codec: Codec;
  readonly hidden: boolean;
  /** The message's fields stand in the parent. */
  readonly inline: boolean;
  /** Go holds the message by value: null is no form of it in a custom resource. */
  readonly required: boolean;
  /** The message is sent even if nothing is said in it, as Go would: what is required, and what the server insists on. */
  readonly always: boolean;
  readonly sensitive: boolean;
}

const options = new WeakMap<DescField, ReturnType<typeof read>>();
const read = (field: DescField) => getOption(field, cr);

/** Options are decoded at every reading; every pass over every field asks for them. */
function optionsOf(field: DescField): ReturnType<typeof read> {
  let known = options.get(field);
  if (!known) {
    known = read(field);
    options.set(field, known);
  }
  return known;
}

/** The key of the field in a custom resource. */
export function fieldName(field: DescField): string {
  return optionsOf(field).json || field.name;
}

/** Whether the field is no part of any custom resource. */
export function isHidden(field: DescField): boolean {
  return optionsOf(field).hidden;
}

/** Whether the value is a secret: never logged, hashed or shown. */
export function isSensitive(field: DescField): boolean {
  return optionsOf(field).sensitive;
}

const secretive = new WeakMap<DescMessage, boolean>();

/** Whether any field of the message, at any depth, may hold a secret. Most resources have none at all. */
export function mayHoldSecrets(message: DescMessage): boolean {
  let known = secretive.get(message);
  if (known === undefined) {
    known = reachable(message).some(({ fields }) => fields.some(isSensitive));
    secretive.set(message, known);
  }
  return known;
}

/** The message and all that can stand in it. */
function reachable(message: DescMessage): DescMessage[] {
  const found = new Set([message]);
  for (const { fields } of found) for (const field of fields) if (field.message) found.add(field.message);
  return [...found];
}

/** The words that stand for an enum value, the one we write first; empty where its proto name is the word. */
export function enumWords(value: DescEnumValue): readonly string[] {
  return getOption(value, cr_value).words;
}

/** The value to send in this one's place: what Teleport would make of it anyway. Mostly the value itself. */
export function storedValue(value: DescEnumValue): DescEnumValue {
  const { becomes } = getOption(value, cr_value);
  return value.parent.values.find(({ name }) => name === becomes) ?? value;
}

const forms = new WeakMap<DescMessage, readonly FieldForm[]>();

/** All fields of a message, in order of declaration. */
export function fieldForms(message: DescMessage): readonly FieldForm[] {
  const known = forms.get(message);
  if (known) return known;
  const made = message.fields.map((field): FieldForm => {
    const { codec, hidden, inline, required, sensitive, always } = optionsOf(field);
    return {
      field,
      name: fieldName(field),
      codec,
      hidden,
      inline,
      required,
      always: required || always,
      sensitive,
    };
  });
  forms.set(message, made);
  return made;
}
