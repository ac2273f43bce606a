import { expect, it } from 'vitest';
import { age } from './age.js';

const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000];

it.each([
  [0, '0s'],
  [119 * second, '119s'],
  [2 * minute, '2m'],
  [3 * minute + 20 * second, '3m20s'],
  [10 * minute + 59 * second, '10m'],
  [179 * minute, '179m'],
  [3 * hour, '3h'],
  [7 * hour + 5 * minute, '7h5m'],
  [47 * hour, '47h'],
  [2 * day, '2d'],
  [3 * day + 4 * hour, '3d4h'],
  [9 * day, '9d'],
  [800 * day, '2y70d'],
  [-500, '0s'],
  [-5000, '<invalid>'],
])('%d ms is %s', (ms, text) => {
  expect(age(ms)).toBe(text);
});
