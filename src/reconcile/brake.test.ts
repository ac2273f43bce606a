import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../core/virtual-clock.js';
import { DeletionBrake } from './brake.js';

describe('DeletionBrake', () => {
  it('lets so many through a minute', async () => {
    const clock = new VirtualClock();
    const brake = new DeletionBrake(2, clock);
    expect([brake.admit(), brake.admit(), brake.admit()]).toEqual([true, true, false]);
    await clock.advance(59_999);
    expect(brake.admit()).toBe(false);
    await clock.advance(1);
    expect(brake.admit()).toBe(true);
  });

  it('does not count a deletion that was not made', () => {
    const brake = new DeletionBrake(1, new VirtualClock());
    expect(brake.admit()).toBe(true);
    brake.giveBack();
    expect([brake.admit(), brake.admit()]).toEqual([true, false]);
  });

  it('is off at 0', () => {
    const brake = new DeletionBrake(0, new VirtualClock());
    expect(Array.from({ length: 1_000 }, () => brake.admit())).not.toContain(false);
  });
});
