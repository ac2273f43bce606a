// The way between the JSON of custom resources and Teleport's protobuf messages, driven by the options in
// proto/. Which message a kind has, and which of its fields, is the kind's declaration.
//
// Where the two decoders that upstream puts in a row (the CRD schema, then Go) disagree, this codec takes what
// either takes, as long as it can mean only one thing; what it writes is accepted by both:
// - durations: Go's units, d, w, mo and y, their long names, and `never`, in every duration field
// - enums: any of the words (case and spaces ignored), the proto name, or the number; the empty string is unset
// - booleans: also yes, no, on, off …, but an unknown word is an error where Go reads false
// - null is unset for fields, and an error inside lists and maps, where it would widen a selector unseen
export { type DecodeOptions, fromObject } from './decode.js';
export { type EncodeOptions, toObject } from './encode.js';
export {
  enumWords,
  type FieldForm,
  fieldForms,
  fieldName,
  isHidden,
  isSensitive,
  mayHoldSecrets,
  storedValue,
} from './fields.js';
export { DecodeError, type Problem } from './problems.js';
