import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { beforeAll, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import type { ExampleGraph } from '../../scripts/example-graphs.ts';
import { exampleGraphs, goldenOf, withPictures } from '../../scripts/example-graphs.ts';

let graphs: readonly ExampleGraph[];
beforeAll(async () => {
  graphs = await exampleGraphs();
});

const examples = new URL('../../examples/', import.meta.url);

test('every composition of the examples has a golden definition, and every golden definition has a composition', () => {
  const expected = graphs.map((example) => goldenOf(example).pathname.split('/').at(-1));
  expect(readdirSync(new URL('golden', examples)).sort()).toEqual(expected.sort());
});

test.each(readdirSync(examples).filter((name) => name.endsWith('.ts')))(
  '%s equals its golden definition, and compiles for stock kro without a warning',
  (name) => {
    const own = graphs.filter(({ file }) => file === name);
    expect(own).not.toEqual([]);
    for (const example of own) {
      expect(example.warnings).toEqual([]);
      expect(example.yaml).toBe(readFileSync(goldenOf(example), 'utf8'));
    }
  },
);

test('the YAML file of the web application contains the instance that its TypeScript file exports', async () => {
  const { hello } = (await import('../../examples/webapp.ts')) as { readonly hello: KubeObject };
  const { metadata, ...rest } = parse(readFileSync(new URL('webapp-instance.yaml', examples), 'utf8')) as KubeObject;
  // An instance that a factory creates has labels of the factory. The instance in the file has no labels.
  expect(metadata).toEqual({ name: hello.metadata.name, namespace: 'default' });
  expect(rest).toEqual(JSON.parse(JSON.stringify({ ...hello, metadata: undefined })));
});

const pages = new URL('../../docs/factories/', import.meta.url);

test.each(readdirSync(pages))('the pictures of docs/factories/%s are up to date', (name) => {
  const page = readFileSync(new URL(name, pages), 'utf8');
  expect(page).toBe(withPictures(page, graphs));
});
