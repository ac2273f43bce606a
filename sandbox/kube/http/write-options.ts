// The query parameters of a write.
import type { IncomingMessage } from 'node:http';
import { invalid } from '../errors.js';
import type { FieldValidation } from '../write/fields.js';
import type { WriteOptions } from '../write/request.js';

/** @throws ApiError 422 when a parameter has no such value */
export function writeOptions(query: URLSearchParams, request: IncomingMessage): WriteOptions {
  const agent = (request.headers['user-agent'] ?? 'unknown').split('/')[0] ?? '';
  const asked = query.get('fieldValidation') || 'Warn';
  if (asked !== 'Strict' && asked !== 'Warn' && asked !== 'Ignore') {
    throw invalid({ group: 'meta.k8s.io', resource: 'CreateOptions' }, [
      {
        reason: 'FieldValueNotSupported',
        field: 'fieldValidation',
        message: `Unsupported value: ${JSON.stringify(asked)}: supported values: "Ignore", "Strict", "Warn"`,
      },
    ]);
  }
  const fieldValidation: FieldValidation = asked;
  return {
    manager: query.get('fieldManager') || agent,
    fieldValidation,
    dryRun: query.getAll('dryRun').includes('All'),
    force: query.get('force') === 'true',
    warnings: [],
  };
}
