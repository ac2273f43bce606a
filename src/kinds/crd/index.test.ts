import { describe, expect, it } from 'vitest';
import { kinds } from '../index.js';
import { crdFor } from './index.js';

const describeAll = (): string => 'Some text.';

describe.each(kinds.map((kind) => [kind.object.kind, kind] as const))('the CRD of %s', (name, kind) => {
  const crd = crdFor(kind, describeAll);

  it('is named as Kubernetes demands', () => {
    expect(crd.metadata.name).toBe(`${kind.object.plural}.resources.teleport.dev`);
    expect(crd.spec.names).toMatchObject({
      kind: name,
      listKind: `${name}List`,
      singular: name.toLowerCase(),
      categories: ['teleport'],
    });
  });

  it('serves all versions with one schema and stores one of them', () => {
    expect(crd.spec.versions.map((version) => version.name)).toEqual(
      kind.object.versions.map(({ name }) => name),
    );
    expect(crd.spec.versions.filter((version) => version.storage)).toHaveLength(1);
    for (const version of crd.spec.versions) {
      expect(version.served).toBe(true);
      expect(version.subresources).toEqual({ status: {} });
      expect(version.schema).toEqual(crd.spec.versions[0]?.schema);
    }
  });

  it('shows whether the object is ready before the own columns, and its age last', () => {
    const columns = crd.spec.versions[0]?.additionalPrinterColumns.map((column) => column.name) ?? [];
    expect(columns).toEqual(['Ready', 'Reason', ...kind.object.columns.map((column) => column.name), 'Age']);
  });

  it('does not demand anything of a spec', () => {
    expect(JSON.stringify(crd.spec.versions[0]?.schema.openAPIV3Schema.properties?.['spec'])).not.toContain(
      '"required"',
    );
  });
});
