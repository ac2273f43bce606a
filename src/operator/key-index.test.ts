import { describe, expect, it } from 'vitest';
import { KeyIndex } from './key-index.js';

describe('KeyIndex', () => {
  it('finds what hangs on a name, and forgets what changed its mind', () => {
    const index = new KeyIndex();
    index.set('ns/a', new Set(['one', 'two']));
    index.set('ns/b', new Set(['two']));
    expect(index.of('two')).toEqual(['ns/a', 'ns/b']);
    expect(index.all()).toEqual(['ns/a', 'ns/b']);
    index.set('ns/a', new Set(['one']));
    expect(index.of('two')).toEqual(['ns/b']);
    index.set('ns/b', new Set());
    expect(index.of('two')).toEqual([]);
    expect(index.all()).toEqual(['ns/a']);
  });
});
