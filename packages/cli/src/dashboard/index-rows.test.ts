import { expect, test } from 'vitest';
import { pot, potDefinition } from '@typekro/testing/test-support/virtual-world';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { definitionHead, instanceFacts, rowOf } from './index-rows.ts';

const head = (conditions: readonly JsonObject[] = []) =>
  definitionHead({
    ...potDefinition([]),
    status: { state: 'Active', lastIssuedRevision: 3, conditions: [...conditions] },
  });
const rolledOut = (status: string): JsonObject => ({ type: 'RolledOut', status, reason: 'x', message: 'y' });
const instance = (annotations: Record<string, string>, conditions: readonly JsonObject[] = []): KubeObject => {
  const made = pot('a');
  return {
    ...made,
    metadata: { ...made.metadata, annotations },
    status: { state: 'ACTIVE', conditions: [...conditions] },
  };
};
const recorded = { type: 'RevisionReconciled', status: 'True', reason: '1', message: 'x' };
const pin = { 'typekro.dev/revision': '2' };

test.each<[string, KubeObject, ReturnType<typeof head> | undefined, number | undefined, number | undefined]>([
  ['the newest revision of its definition', instance({}), head(), undefined, 3],
  ['the newest revision after a rollout', instance({}), head([rolledOut('True')]), undefined, 3],
  [
    'no revision during a rollout, because the instance may not follow the newest revision',
    instance({}),
    head([rolledOut('Unknown')]),
    undefined,
    undefined,
  ],
  ['no revision while a canary is held', instance({}), head([rolledOut('False')]), undefined, undefined],
  ['the revision that the controller reports during a rollout', instance({}), head([rolledOut('False')]), 2, 2],
  ['the revision that the controller reports rather than the newest revision', instance({}), head(), 2, 2],
  ['the revision in its status rather than the newest revision', instance({}, [recorded]), head(), undefined, 1],
  ['the revision to which it is pinned rather than any other revision', instance(pin, [recorded]), head(), 3, 2],
  ['no revision when the pin is not a number', instance({ 'typekro.dev/revision': 'x' }), head(), undefined, undefined],
  ['no revision when there is no definition', instance({}), undefined, 1, undefined],
])('the row of an instance has %s', (_title, object, serving, reported, expected) => {
  expect(rowOf(instanceFacts(object), serving, reported === undefined ? {} : { revision: reported }).revision).toBe(
    expected,
  );
});

test.each<[string, Record<string, string>, true | undefined]>([
  ['is pinned by its annotation', pin, true],
  ['is not pinned by a pin that is not a number', { 'typekro.dev/revision': 'x' }, undefined],
  ['is not pinned without the annotation', {}, undefined],
])('an instance %s', (_title, annotations, expected) => {
  expect(rowOf(instanceFacts(instance(annotations)), head()).pinned).toBe(expected);
});
