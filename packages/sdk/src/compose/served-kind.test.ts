import { expect, test } from 'vitest';
import { servedParts } from './served-kind.ts';

test.each([
  ['nothing', {}, { schema: {}, metadata: {} }],
  ['the default scope', { scope: 'Namespaced' }, { schema: {}, metadata: {} }],
  ['the scope Cluster', { scope: 'Cluster' }, { schema: { scope: 'Cluster' }, metadata: {} }],
  [
    'names',
    { shortNames: ['tn'], categories: ['all'] },
    { schema: { shortNames: ['tn'], categories: ['all'] }, metadata: {} },
  ],
  ['empty lists and maps', { shortNames: [], metadata: { labels: {} }, crdMetadata: {} }, { schema: {}, metadata: {} }],
  [
    'columns, without absent members',
    { additionalPrinterColumns: [{ name: 'A', type: 'date', jsonPath: '.a', format: undefined, priority: 1 }] },
    { schema: { additionalPrinterColumns: [{ name: 'A', type: 'date', jsonPath: '.a', priority: 1 }] }, metadata: {} },
  ],
  [
    'labels and annotations',
    { crdMetadata: { labels: { a: 'b' } }, metadata: { annotations: { c: 'd' } } },
    { schema: { metadata: { labels: { a: 'b' } } }, metadata: { annotations: { c: 'd' } } },
  ],
])('with %s, the options %j become the parts %j of a definition', (_name, given, parts) => {
  expect(servedParts(given)).toEqual(parts);
});

test.each([
  [
    'an unknown scope',
    { scope: 'cluster' },
    'the scope of a definition must be "Namespaced" or "Cluster", not "cluster"',
  ],
  ['a string in place of a list', { shortNames: 'tn' }, 'shortNames of a definition must be a list, not "tn"'],
  ['a number in a list', { categories: [1] }, 'categories of a definition must be a list of strings, but contains 1'],
  ['a column without a path', columns({ name: 'A', type: 'string' }), 'additionalPrinterColumns[0] needs a jsonPath'],
  [
    'a path without a dot',
    columns({ name: 'A', type: 'string', jsonPath: 'status.a' }),
    'the jsonPath of additionalPrinterColumns[0] must begin with a dot',
  ],
  [
    'an unknown type of a column',
    columns({ name: 'A', type: 'text', jsonPath: '.a' }),
    'the type of additionalPrinterColumns[0] must be one of boolean, date, integer, number, string, not "text"',
  ],
  [
    'a misspelt member of a column',
    columns({ name: 'A', type: 'string', jsonpath: '.a' }),
    'additionalPrinterColumns[0] has no "jsonpath"',
  ],
  [
    'a priority that is not an integer',
    columns({ name: 'A', type: 'string', jsonPath: '.a', priority: 1.5 }),
    'priority of additionalPrinterColumns[0] must be an integer',
  ],
  [
    'a label that is not a string',
    { metadata: { labels: { a: 1 } } },
    'metadata.labels has 1 at "a"; it must be a string',
  ],
  ['a name in the metadata', { metadata: { name: 'x' } }, 'metadata has no "name"'],
  ['a list of labels', { crdMetadata: { labels: [] } }, 'crdMetadata.labels must be an object of strings'],
])('%s is refused', (_name, given, message) => {
  expect(() => servedParts(given)).toThrow(expect.objectContaining({ code: 'compose/definition', message }));
});

function columns(column: object) {
  return { additionalPrinterColumns: [column] };
}
