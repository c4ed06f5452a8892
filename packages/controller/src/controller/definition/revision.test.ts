import { describe, expect, it } from 'vitest';
import { readDefinitionObject } from './definition-object.ts';
import { adoptedOwners, newRevision, readRevision, revisionName } from './revision.ts';

const definition = readDefinitionObject({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'boats', uid: 'new', generation: 4 },
  spec: { schema: { kind: 'Boat' } },
});

describe('revisionName', () => {
  it.each([
    ['boats', 1, 'boats-r00001'],
    ['boats', 123456, 'boats-r123456'],
    ['x'.repeat(246), 7, `${'x'.repeat(246)}-r00007`],
  ])('%s revision %i is %s', (name, number, expected) => {
    expect(revisionName(name, number)).toBe(expected);
  });

  it('cuts a name that is one character too long', () => {
    expect(revisionName('x'.repeat(247), 7)).toMatch(/^x{237,238}-r00007-[0-9a-f]{8}$/);
  });

  it('cuts two long names to different names, and leaves no separator at the cut', () => {
    const first = revisionName(`${'x'.repeat(236)}.${'y'.repeat(16)}`, 1);
    const second = revisionName(`${'x'.repeat(236)}.${'z'.repeat(16)}`, 1);
    expect(first).toMatch(/^x{236}-r00001-[0-9a-f]{8}$/);
    expect(first).not.toBe(second);
    expect(first.length).toBeLessThanOrEqual(253);
  });
});

describe('newRevision', () => {
  it('has the name, the metadata and the spec that kro writes, and is read back with them', () => {
    const object = newRevision(definition, 3, 'abc', '1.0+x');
    expect(object.metadata).toEqual({
      name: 'boats-r00003',
      labels: {
        'kro.run/owned': 'true',
        'kro.run/kro-version': '1.0-x',
        'kro.run/resource-graph-definition-name': 'boats',
        'kro.run/graph-revision-hash': 'abc',
      },
      finalizers: ['kro.run/finalizer'],
      ownerReferences: [
        {
          apiVersion: 'kro.run/v1alpha1',
          kind: 'ResourceGraphDefinition',
          name: 'boats',
          uid: 'new',
          controller: true,
        },
      ],
    });
    expect(readRevision(object)).toMatchObject({
      number: 3,
      spec: definition.spec,
      deleting: false,
      hasFinalizer: true,
    });
  });
});

describe('adoptedOwners', () => {
  const revision = newRevision(definition, 1, 'h', 'devel');
  const withOwners = (ownerReferences: NonNullable<(typeof revision)['metadata']['ownerReferences']>) =>
    readRevision({ ...revision, metadata: { ...revision.metadata, ownerReferences } });
  const old = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    name: 'boats',
    uid: 'old',
    controller: true,
  };
  const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'c', uid: 'c' };
  const own = { ...old, uid: 'new' };

  it('changes nothing when the definition owns the revision', () => {
    expect(adoptedOwners(withOwners([other, own]), definition)).toBeUndefined();
  });
  it('replaces an owner that is an earlier definition of the same name, and keeps other owners', () => {
    expect(adoptedOwners(withOwners([old, other]), definition)).toEqual([other, own]);
  });
  it('adds the definition when there is no owner', () => {
    expect(adoptedOwners(withOwners([]), definition)).toEqual([own]);
  });
});
