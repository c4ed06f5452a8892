import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { installationIn } from './installation.ts';

const object = (name: string, namespace?: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
});

test.each([
  { title: 'objects of one namespace', found: ['a/x', 'role'], objects: ['a/x', 'role'], shared: [] },
  { title: 'objects of two namespaces', found: ['a/x', 'b/x', 'role'], objects: ['a/x'], shared: ['b'] },
  { title: 'objects of another namespace', found: ['b/x', 'b/y', 'role'], objects: [], shared: ['b'] },
  { title: 'only cluster-wide objects', found: ['role'], objects: ['role'], shared: [] },
])('an installation in one namespace has the objects of this namespace: $title', ({ found, objects, shared }) => {
  const read = found.map((text) => {
    const [name = '', namespace] = text.split('/').toReversed();
    return object(name, namespace);
  });
  const own = installationIn(read, 'a');
  expect(
    own.objects.map(({ metadata: { name = '', namespace } }) => [namespace, name].flatMap((x) => x ?? []).join('/')),
  ).toEqual(objects);
  expect(own.shared).toEqual(shared);
});
