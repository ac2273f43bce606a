// Questions that are asked by creating an object: whose token, may I. The answers are made in auth/questions.ts.
import { anything } from '../schema/build.js';
import { builtin } from './builtin.js';
import type { ResourceType } from './resource-type.js';

function review(group: string, kind: string, description: string): ResourceType {
  const plural = `${kind.toLowerCase()}s`;
  const properties = { spec: anything('the question'), status: anything('the answer') };
  return builtin({ group, kind, plural, namespaced: false, verbs: ['create'], description, properties });
}

export const reviews = [
  review('authentication.k8s.io', 'TokenReview', 'Asks whose token it is.'),
  review('authentication.k8s.io', 'SelfSubjectReview', 'Asks who asks.'),
  review('authorization.k8s.io', 'SelfSubjectAccessReview', 'Asks whether the asker may do something.'),
  review('authorization.k8s.io', 'SubjectAccessReview', 'Asks whether somebody may do something.'),
];
