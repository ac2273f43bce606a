// Texts that have to end somewhere.

/**
 * The text, or its beginning and three dots where it is longer than `longest`, counted by UTF-16 units, which are never fewer than
 * a server's characters. No pair of units is split. Dots, not an ellipsis: one letter beyond Latin-1 makes V8 keep all of an
 * answer at two bytes a character.
 */
export function cut(text: string, longest: number): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, longest - 3).replace(/[\uD800-\uDBFF]$/, '')}...`;
}
