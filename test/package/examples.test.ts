import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { KubeObject } from '@typekro/kit/core';
import { type ExampleGraph, exampleGraphs, goldenOf, withPictures } from '../../scripts/example-graphs.ts';
import { differences, filledIn, storiesOf } from '../../scripts/example-stories.ts';

describe('examples', () => {
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
});

describe('example stories', () => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-stories-'));

  function storiesIn(text: string) {
    const path = join(folder, 'example.ts');
    writeFileSync(path, text);
    return storiesOf(pathToFileURL(path)).map((story) => ({ ...story, reports: Object.fromEntries(story.reports) }));
  }

  describe('the header of an example', () => {
    test('lists deployments, reports of other controllers, and the expected result of each deployment', () => {
      const text = `// A title.
//
// With first: { name: a }
// Bucket reports: { arn: x,
//   region: y }
// Gives: { ready: true }
// With second: { name: "\${first.name}" }
// Gives: { url: "http://*" }
import x from 'y';
// With third: { no: longer the header }
`;
      expect(storiesIn(text)).toEqual([
        {
          exported: 'first',
          spec: { name: 'a' },
          reports: { Bucket: { arn: 'x', region: 'y' } },
          gives: { ready: true },
        },
        { exported: 'second', spec: { name: '${first.name}' }, reports: {}, gives: { url: 'http://*' } },
      ]);
    });

    test('names no composition if the example consists of YAML documents', () => {
      expect(storiesIn('# Documents.\n# Gives: { state: ACTIVE }\n')).toEqual([
        { exported: '', spec: {}, reports: {}, gives: { state: 'ACTIVE' } },
      ]);
    });

    test('is refused if a line has no object', () => {
      expect(() => storiesIn('// Gives: ready\n')).toThrow('Gives: ready has no object');
    });

    test('is refused if reports are above the deployment that they belong to', () => {
      const text = '// Bucket reports: { arn: x }\n// With app: { name: a }\n// Gives: { ready: true }\n';
      expect(() => storiesIn(text)).toThrow('With app: { name: a } is below the reports of Bucket');
    });
  });

  test('a spec may contain status values of an earlier deployment', () => {
    const statuses = new Map([['first', { url: 'http://x' }]]);
    expect(
      filledIn({ a: '${first.url}', b: { c: '${first.url}' }, d: 1, e: ['${first.url}', ['${first.url}']] }, statuses),
    ).toEqual({ a: 'http://x', b: { c: 'http://x' }, d: 1, e: ['http://x', ['http://x']] });
  });

  test.each([
    [{ a: 1 }, { a: 1, b: 2 }, []],
    [{ a: 1 }, { a: 1n }, []],
    [{ url: 'http://*' }, { url: 'http://10.0.0.1' }, []],
    [{ url: 'http://*' }, { url: 'http://' }, ['status.url is "http://", not "http://*"']],
    [{ a: { b: true } }, { a: {} }, ['status.a.b is undefined, not true']],
    [{ a: true }, undefined, ['status.a is undefined, not true']],
    [{ a: [{ b: 1 }] }, { a: [{ b: 1, c: 2 }] }, []],
    [{ a: [{ b: 1 }] }, { a: [{ b: 2 }] }, ['status.a[0].b is 2, not 1']],
    [{ a: ['x*'] }, { a: ['xy'] }, []],
    [{ a: ['x', 'y'] }, { a: 'x,y' }, ['status.a is "x,y", not ["x","y"]']],
    [{ a: ['x'] }, { a: ['x', 'y'] }, ['status.a is ["x","y"], not ["x"]']],
    [{ a: 1 }, { a: '1' }, ['status.a is "1", not 1']],
    [{ a: {} }, { a: [] }, ['status.a is [], not {}']],
  ])('the differences between %j and %o are %j', (expected, actual, found) => {
    expect(differences(expected, actual)).toEqual(found);
  });
});
