// OpenAPI v2 as JSON, the old form: definitions alone. kubectl asks for it in protobuf, which is not served (406);
// it then makes do with version 3.
import type { JsonObject } from '../json.js';
import type { Registry } from '../registry.js';
import { metaName, metaSchemas } from './meta-schemas.js';
import { shownSchema } from './openapi-v3.js';

export function openApiV2(registry: Registry): JsonObject {
  const definitions: JsonObject = {};
  const reference = (name: string): JsonObject => ({ $ref: `#/definitions/${metaName(name)}` });
  for (const [name, schema] of Object.entries(metaSchemas)) definitions[metaName(name)] = schema;
  for (const type of registry.all()) {
    for (const version of type.versions) {
      const group = type.group === '' ? 'io.k8s.api.core' : type.group.split('.').reverse().join('.');
      definitions[`${group}.${version.name}.${type.kind}`] = shownSchema(type, version, reference);
    }
  }
  return { swagger: '2.0', info: { title: 'Kubernetes', version: 'v1.34.0' }, paths: {}, definitions };
}
