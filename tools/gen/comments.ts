// The comments of the .proto files, which exist only in the source info of a buf image and not in the
// generated code. They become the descriptions of CRD fields.
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import type { DescriptorProto, FileDescriptorSet, SourceCodeInfo_Location } from '@bufbuild/protobuf/wkt';
import type { Describe } from '../../src/kinds/crd/index.js';

// Field numbers of google/protobuf/descriptor.proto, from which source info's paths are made.
const fileMessages = 4;
const nestedMessages = 3;
const messageFields = 2;

/** Looks up the comment before a message or field; undefined where there is none. */
export function commentsOf(image: FileDescriptorSet): Describe {
  const comments = new Map<string, string>();
  for (const file of image.file) {
    const byPath = new Map<string, SourceCodeInfo_Location>();
    for (const location of file.sourceCodeInfo?.location ?? []) byPath.set(location.path.join('.'), location);
    const add = (name: string, path: readonly number[]): void => {
      const text = prose(byPath.get(path.join('.'))?.leadingComments ?? '');
      if (text !== '') comments.set(name, text);
    };
    const walk = (message: DescriptorProto, scope: string, path: readonly number[]): void => {
      const name = scope ? `${scope}.${message.name}` : message.name;
      add(name, path);
      message.field.forEach((field, index) => add(`${name}.${field.name}`, [...path, messageFields, index]));
      message.nestedType.forEach((nested, index) => walk(nested, name, [...path, nestedMessages, index]));
    };
    file.messageType.forEach((message, index) => walk(message, file.package, [fileMessages, index]));
  }
  return (element) => comments.get(nameOf(element));
}

function nameOf(element: DescMessage | DescField): string {
  return element.kind === 'message' ? element.typeName : `${element.parent.typeName}.${element.name}`;
}

/** A comment as running text: line breaks are spaces, blank lines part paragraphs. */
export function prose(comment: string): string {
  return comment
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim().replaceAll(/\s+/g, ' '))
    .filter((paragraph) => paragraph !== '')
    .join('\n\n');
}
