// Join method `token`: knowing the token's name is the proof.
import type { JoinMethod } from './method.js';

export const tokenMethod: JoinMethod = {
  name: 'token',
  renewable: true,
  verify: () => Promise.resolve({}),
};
