import { describe, expect, it } from 'vitest';
import { operatorIdLabel, originLabel } from './names.js';
import { ownership } from './ownership.js';

const kubernetes = { [originLabel]: 'kubernetes' };

describe('ownership', () => {
  it.each([
    [undefined, undefined, 'none'],
    [{}, undefined, 'notOurs'],
    [{ [originLabel]: 'config-file' }, undefined, 'notOurs'],
    [{ other: 'label' }, undefined, 'notOurs'],
    [kubernetes, undefined, 'ours'],
    [kubernetes, 'a', 'ours'],
    [{ ...kubernetes, [operatorIdLabel]: 'a' }, 'a', 'ours'],
    [{ ...kubernetes, [operatorIdLabel]: 'b' }, 'a', 'notOurs'],
    [{ ...kubernetes, [operatorIdLabel]: 'b' }, undefined, 'notOurs'],
    // Teleport copies a bot's labels to the user that stands for it.
    [{ ...kubernetes, 'teleport.internal/bot': 'ci' }, undefined, 'notOurs'],
  ])('of %j for operator %s is %s', (labels, id, expected) => {
    expect(ownership(labels, id)).toBe(expected);
  });
});
