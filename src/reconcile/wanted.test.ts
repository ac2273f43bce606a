// The resource that an object asks for. Not how specs are read (kinds/codec).
import { describe, expect, it } from 'vitest';
import { anObject } from '../../test/builders/object.js';
import { roleV7 } from '../kinds/role.js';
import { operatorIdLabel, originLabel } from './names.js';
import { wantedResource } from './wanted.js';

describe('the wanted resource', () => {
  it('has the object’s labels, but not those that would make it somebody else’s', () => {
    const labels = { team: 'a', [operatorIdLabel]: 'other', 'teleport.internal/bot': 'ci' };
    const resource = wantedResource(roleV7, anObject({ metadata: { labels } }));
    expect(roleV7.form.head(resource).labels).toEqual({ team: 'a', [originLabel]: 'kubernetes' });
  });

  it('bears our own operator’s id', () => {
    const resource = wantedResource(
      roleV7,
      anObject({ metadata: { labels: { [operatorIdLabel]: 'other' } } }),
      'ours',
    );
    expect(roleV7.form.head(resource).labels[operatorIdLabel]).toBe('ours');
  });
});
