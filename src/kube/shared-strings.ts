// One copy of strings that thousands of objects have in common (reasons, messages, times of a condition): JSON brings
// each of them anew with every object.
const most = 4_096;
/** Longer ones are rarely the same twice. */
const longest = 200;

const known = new Map<string, string>();

/** The same string, the copy that is already in memory where there is one. */
export function shared(text: string): string {
  if (text.length > longest) return text;
  const copy = known.get(text);
  if (copy !== undefined) return copy;
  // What is in use comes back with the next object.
  if (known.size >= most) known.clear();
  known.set(text, text);
  return text;
}
