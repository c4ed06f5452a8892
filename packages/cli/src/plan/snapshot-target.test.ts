import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { snapshotTarget } from './snapshot-target.ts';

/** The text of a snapshot of a CRD whose `spec` has this schema, and of one object of its kind. */
function snapshotOf(schema: unknown): string {
  const type = { group: 'acme.test', version: 'v1', kind: 'Thing', plural: 'things', namespaced: true };
  const crds = {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    namespaced: false,
  };
  const openAPIV3Schema = { type: 'object', properties: { spec: { type: 'object', properties: { a: schema } } } };
  const names = { kind: 'Thing', plural: 'things', singular: 'thing', listKind: 'ThingList' };
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.acme.test', uid: 'u', resourceVersion: '5' },
    spec: {
      group: 'acme.test',
      names,
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
    },
    status: {
      acceptedNames: names,
      storedVersions: ['v1'],
      conditions: ['NamesAccepted', 'Established'].map((each) => ({ type: each, status: 'True' })),
    },
  };
  const metadata = { name: 't', namespace: 'default', uid: 'v', resourceVersion: '6' };
  const thing = { apiVersion: 'acme.test/v1', kind: 'Thing', metadata, spec: { a: 'x' } };
  return JSON.stringify({
    schemaVersion: 1,
    kind: 'TypeKroSnapshot',
    source: { kind: 'cluster', name: 'dev', readAt: '2026-01-01T00:00:00Z' },
    namespace: 'default',
    salt: 'x',
    kinds: [
      { type: crds, objects: [crd] },
      { type, objects: [thing] },
      { type: { ...type, group: 'metrics.test' }, objects: [] },
    ],
    limits: [],
  });
}

test('a snapshot whose CRD is damaged is refused, and a kind that the server does not have is not', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'typekro-snapshot-'));
  const open = (schema: unknown) => {
    writeFileSync(join(cwd, 'x.json'), snapshotOf(schema));
    const context = { cwd } as Parameters<typeof snapshotTarget>[0];
    return snapshotTarget(context, 'x.json');
  };
  await (await open({ type: 'string', default: 'a' }))[Symbol.asyncDispose]();
  const printed = vi.spyOn(console, 'error');
  for (const schema of ['x', null, 1]) {
    await expect(open(schema)).rejects.toMatchObject({ code: 'snapshot/unreadable' });
  }
  expect(printed).not.toHaveBeenCalled();
  rmSync(cwd, { recursive: true });
});
