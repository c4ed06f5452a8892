import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { revisionHash } from '@typekro/engine/graph';
import { KubeError } from '@typekro/kube';
import { readDefinitionObject } from './definition-object.ts';
import { newRevision } from './revision.ts';
import { type RevisionStoreOptions, RevisionStore } from './revision-store.ts';

const definitionOf = (name: string, spec: JsonObject) =>
  readDefinitionObject({
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name, uid: `uid of ${name}`, generation: 1 },
    spec,
  });
const SPEC: JsonObject = { schema: { kind: 'Pot' } };
const pots = definitionOf('pots', SPEC);
const hash = revisionHash(SPEC);

/** A store on a server that already has this revision under the name of the next revision. */
function storeWith(stored: KubeObject): { store: RevisionStore; observed: KubeObject[] } {
  const observed: KubeObject[] = [];
  const client = {
    create: () => Promise.reject(new KubeError('it exists', { status: 409, reason: 'AlreadyExists' })),
    get: () => Promise.resolve(stored),
  };
  const caches = { peek: () => ({ observe: (object: KubeObject) => observed.push(object) }) };
  const options = { client, caches, version: 'devel', onEvent: () => undefined };
  return { store: new RevisionStore(options as unknown as RevisionStoreOptions), observed };
}

const issue = (store: RevisionStore) => store.issue(pots, 2, hash, undefined, new AbortController().signal);

test('an equal revision that already exists is used, as after a create request without a response', async () => {
  const stored = newRevision(pots, 2, hash, 'devel');
  const { store } = storeWith(stored);
  expect((await issue(store)).object).toBe(stored);
});

test.each([
  ['another spec', newRevision(definitionOf('pots', { schema: { kind: 'Jar' } }), 2, hash, 'devel')],
  ['another definition', newRevision(definitionOf('jars', SPEC), 2, hash, 'devel')],
])('a revision of %s under the same name is not used, and the next pass knows that revision', async (_what, stored) => {
  const { store, observed } = storeWith(stored);
  await expect(issue(store)).rejects.toMatchObject({ code: 'controller/revision-taken' });
  expect(observed).toEqual([stored]);
});
