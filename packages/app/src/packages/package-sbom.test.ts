import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { PackageInfo } from './package-info.ts';
import { imagesOf, sbomOf } from './package-sbom.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const info: PackageInfo = {
  name: 'team/a',
  version: '1.0.0',
  engine: { typekro: '1.0.0', features: [] },
  provides: [],
  requires: [{ group: 'cert-manager.io', kind: 'Certificate', versions: ['v1', 'v2'] }],
  needs: [],
  rights: { digest: DIGEST },
};
const contentOf = (spec: JsonObject) => {
  const definitions: KubeObject[] = [{ apiVersion: 'kro.run/v1alpha1', kind: 'Graph', metadata: { name: 'a' }, spec }];
  return { info, definitions, graphs: [], rights: [], crds: [], files: [] };
};
const template = (image: JsonObject[string]): JsonObject => ({
  nodes: [{ graph: { nodes: [{ template: { image } }] } }],
});

test.each<[image: JsonObject[string], name?: string, version?: string, purl?: string]>([
  ['nginx', 'nginx', 'latest', 'pkg:oci/nginx?repository_url=docker.io/library/nginx'],
  ['team/app:1', 'team/app', '1', 'pkg:oci/app?repository_url=docker.io/team/app&tag=1'],
  [
    `localhost:5000/a/b:1@${DIGEST}`,
    'localhost:5000/a/b',
    DIGEST,
    `pkg:oci/b@${encodeURIComponent(DIGEST)}?repository_url=localhost:5000/a/b&tag=1`,
  ],
  ['Not an image'],
  ['${schema.spec.image}'],
  [3],
])('the image %s is listed as %s %s', (image, ...listed) => {
  const { components } = JSON.parse(String(sbomOf(contentOf(template(image)), DIGEST))) as {
    components: Record<string, unknown>[];
  };
  const found = components.filter(({ type }) => type === 'container');
  expect(found.flatMap(({ name, version, purl }) => [name, version, purl])).toEqual(listed);
  expect(components.at(-1)).toEqual({
    type: 'platform',
    'bom-ref': 'kind:Certificate.cert-manager.io',
    name: 'Certificate.cert-manager.io',
    version: 'v1, v2',
  });
});

test('a list is incomplete when an instance decides about an image', () => {
  expect(
    imagesOf(contentOf({ schema: { image: 'no' }, resources: [{ a: { image: 'b:${schema.spec.tag}' } }] })),
  ).toEqual({ named: [], computed: ['b:${schema.spec.tag}'] });
  const texts = ['b:${schema.spec.tag}', 'b:1'].map((image) => String(sbomOf(contentOf(template(image)), DIGEST)));
  expect(texts.map((text) => text.includes('"incomplete"'))).toEqual([true, false]);
});
