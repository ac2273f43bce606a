// The steps of the operator's work on one object as they look on the wire to Kubernetes.
import type { TappedRequest } from '../env/kube-wire.js';

export interface Step {
  readonly name: string;
  /** Whether a request is this step for an object of that name. */
  is(request: TappedRequest, object: string): boolean;
}

function writes(request: TappedRequest, pathEnd: string): boolean {
  const path = request.path.split('?')[0] ?? '';
  return (request.method === 'PATCH' || request.method === 'PUT') && path.endsWith(pathEnd);
}

export const addFinalizer: Step = {
  name: 'adding the finalizer',
  is: (request, object) => writes(request, `/${object}`),
};

export const writeStatus: Step = {
  name: 'writing the status',
  is: (request, object) => writes(request, `/${object}/status`),
};

/** Looks like {@link addFinalizer}; it is the next such write after the deletion was asked for. */
export const removeFinalizer: Step = {
  name: 'removing the finalizer',
  is: (request, object) => writes(request, `/${object}`),
};
