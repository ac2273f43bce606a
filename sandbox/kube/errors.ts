// Failures as Kubernetes answers them: a `Status` object with code, reason and details, in kube-apiserver's words,
// since clients (ours too) read them.
import type { JsonObject } from './json.js';

/** One wrong field; the texts follow k8s.io/apimachinery's field errors. */
export interface FieldError {
  readonly reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueTypeInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueTooMany'
    | 'FieldValueTooLong'
    | 'FieldValueDuplicate';
  readonly field: string;
  /** Without the field's name, e.g. `Required value`. */
  readonly message: string;
}

/** The names that an error about a resource carries. `resource` is the plural, or the kind for Invalid. */
export interface Subject {
  readonly group: string;
  readonly resource: string;
  readonly name?: string | undefined;
}

export class ApiError extends Error {
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
    readonly details?: JsonObject,
    /** Seconds for the Retry-After header. */
    readonly retryAfter?: number,
  ) {
    super(message);
    this.name = 'ApiError';
  }

  /** The `Status` that goes over the wire. */
  status(): JsonObject {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details && { details: this.details }),
      code: this.code,
    };
  }
}

/** `widgets.example.dev`, or `secrets` for the core group. */
export function qualified(group: string, resource: string): string {
  return group ? `${resource}.${group}` : resource;
}

function detailsOf({ group, resource, name }: Subject): JsonObject {
  return { ...(name && { name }), ...(group && { group }), kind: resource };
}

function titled(subject: Subject): string {
  return `${qualified(subject.group, subject.resource)} "${subject.name ?? ''}"`;
}

export function notFound(subject: Subject): ApiError {
  return new ApiError(404, 'NotFound', `${titled(subject)} not found`, detailsOf(subject));
}

export function alreadyExists(subject: Subject): ApiError {
  return new ApiError(409, 'AlreadyExists', `${titled(subject)} already exists`, detailsOf(subject));
}

export function conflict(subject: Subject, why = modified): ApiError {
  const text = `Operation cannot be fulfilled on ${titled(subject)}: ${why}`;
  return new ApiError(409, 'Conflict', text, detailsOf(subject));
}

const modified =
  'the object has been modified; please apply your changes to the latest version and try again';

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

export function invalid(subject: Subject, errors: readonly FieldError[]): ApiError {
  const lines = errors.map(({ field, message }) => `${field}: ${message}`);
  const list = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  const causes = errors.map(({ reason, message, field }) => ({ reason, message, field }));
  return new ApiError(422, 'Invalid', `${titled(subject)} is invalid: ${list}`, {
    ...detailsOf(subject),
    causes,
  });
}

export function forbidden(subject: Subject, why: string, causes?: JsonObject[]): ApiError {
  const name = qualified(subject.group, subject.resource) + (subject.name ? ` "${subject.name}"` : '');
  const details = { ...detailsOf(subject), ...(causes && { causes }) };
  return new ApiError(403, 'Forbidden', `${name} is forbidden: ${why}`, details);
}

export function expired(message: string): ApiError {
  return new ApiError(410, 'Expired', message);
}

export function methodNotAllowed(): ApiError {
  return new ApiError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );
}

/** A resource that no served API has. */
export function noSuchResource(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  const list = accepted.join(', ');
  const text = `the body of the request was in an unknown format - accepted media types include: ${list}`;
  return new ApiError(415, 'UnsupportedMediaType', text);
}

export function unprocessable(): ApiError {
  return new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}
