import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { desiredFingerprint, ownedFingerprint } from '../objects/owned-fields.ts';
import { projectObject } from './project-object.ts';
import { decideEngineWrite, graphsWriting, ownershipRefusal, withEngineEquivalence } from './write-decision.ts';

const MANAGER = 'kro-graphengine.tmpl.1';
const TYPE = { apiVersion: 'v1', kind: 'ConfigMap' };
const DESIRED: KubeObject = { ...TYPE, metadata: { name: 'a' }, data: { a: 'x' } };
const wanted = desiredFingerprint(DESIRED);

/** The object with `data.a`, which the manager owns. Without a manager, the object has no `managedFields`. */
function owning(manager: string | undefined, a: string): KubeObject {
  const fieldsV1 = { 'f:data': { 'f:a': {} } };
  const entry = { manager: manager ?? '', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1 };
  return {
    ...DESIRED,
    metadata: { name: 'a', ...(manager === undefined ? {} : { managedFields: [entry] }) },
    data: { a },
  };
}

const pair = { desired: wanted, owned: ownedFingerprint(owning(MANAGER, 'x'), MANAGER) };

test.each([
  ['owns the fields', { object: owning(MANAGER, 'x') }, { kind: 'none' }, [MANAGER]],
  ['owns no field any more', { object: owning('kubectl', 'y') }, { kind: 'apply', why: 'drift' }, []],
  ['owns no field any more, but the values are equal', { object: owning('kubectl', 'x') }, { why: 'drift' }, []],
  [
    'owned the fields before, and the object has no managedFields',
    { object: owning(undefined, 'x') },
    { kind: 'none' },
    [MANAGER],
  ],
  ['owns the fields of a projected object', projectObject(owning(MANAGER, 'x'), []), { kind: 'none' }, [MANAGER]],
])('a write with a recorded equivalence is decided as expected if its writer %s', (_name, live, expected, writers) => {
  const known = withEngineEquivalence(live, MANAGER, pair);
  expect(decideEngineWrite(DESIRED, wanted, known, MANAGER, () => true, 0)).toMatchObject(expected);
  expect(graphsWriting(known)).toEqual(writers);
});

test.each([
  ['an object with the UID of the instance', 'u', 'u', undefined],
  ['an object of another instance', 'v', 'u', { owner: undefined }],
  ['an object without the label, for an instance without a UID', undefined, undefined, { owner: undefined }],
])('with the policy `refuse`, the adoption of %s has the expected result', (_name, label, uid, expected) => {
  const labels = label === undefined ? {} : { 'kro.run/instance-id': label };
  const live: KubeObject = { ...TYPE, metadata: { name: 'a', labels } };
  const instance: KubeObject = { ...TYPE, metadata: { name: 'i', ...(uid === undefined ? {} : { uid }) } };
  expect(ownershipRefusal(live, instance, 'set', 'refuse')).toEqual(expected);
});
