import { describe, expect, test } from 'vitest';
import { negotiate } from './negotiate.ts';
import { warningHeader } from './reply.ts';

const LIST = { table: true, partial: true, streams: true };
const OBJECT = { table: true, partial: true };
const TYPES = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
const STREAMS = 'application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

describe('the Accept header determines the form and the encoding of the response', () => {
  test.each([
    [undefined, 'object', 'application/json'],
    ['', 'object', 'application/json'],
    ['*/*', 'object', 'application/json'],
    ['application/json, */*', 'object', 'application/json'],
    ['application/yaml', 'object', 'application/yaml'],
    ['application/json;q=0.5,application/yaml', 'object', 'application/yaml'],
    ['application/json;q=0.5,application/yaml;q=0.2', 'object', 'application/json'],
    ['*/*,application/yaml', 'object', 'application/yaml'],
    ['application/json;q=none,application/yaml;q=0.1', 'object', 'application/yaml'],
    [TABLE, 'table', 'application/json'],
    [`${TABLE},application/json`, 'table', 'application/json'],
    ['application/json;as=Table;v=v2;g=meta.k8s.io,application/json', 'object', 'application/json'],
    ['application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io', 'partial', 'application/json'],
    ['application/vnd.kubernetes.protobuf', 'object', 'application/json'],
    ['application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io', 'partial', 'application/json'],
    [
      'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;v=v1beta1;g=meta.k8s.io',
      'partial',
      'application/json',
    ],
    ['application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io,application/json', 'object', 'application/json'],
    ['application/vnd.kubernetes.protobuf,application/json', 'object', 'application/json'],
  ])('%s: %s as %s', (header, form, contentType) => {
    expect(negotiate(header, LIST)).toMatchObject({ form, contentType });
  });
});

describe('an Accept header without a supported type gets the status 406', () => {
  test.each([
    ['text/plain', LIST, `406: Not Acceptable\n\nAvailable representations: ${TYPES}, ${STREAMS}`],
    ['text/plain', OBJECT, `406: Not Acceptable\n\nAvailable representations: ${TYPES}`],
    ['application/*', OBJECT, `406: Not Acceptable\n\nAvailable representations: ${TYPES}`],
    ['application/cbor', OBJECT, `406: Not Acceptable\n\nAvailable representations: ${TYPES}`],
    ['application/json;as=Bogus;v=v1;g=meta.k8s.io', LIST, `only the following media types are accepted: ${TYPES}`],
    ['application/json;as=Table;v=v2;g=meta.k8s.io', LIST, `only the following media types are accepted: ${TYPES}`],
    [TABLE.replace('json', 'vnd.kubernetes.protobuf'), LIST, `only the following media types are accepted: ${TYPES}`],
    [TABLE, {}, `only the following media types are accepted: ${TYPES}`],
  ])('%s', (header, offer, message) => {
    expect(() => negotiate(header, offer)).toThrow(expect.objectContaining({ message, httpCode: 406 }));
  });
});

describe('the header with warnings', () => {
  const marks = ['a', 'b', 'c', 'd', 'e'];
  test.each([
    ['no warnings', [], {}],
    ['equal warnings', ['a', 'b', 'a'], { warning: '299 - "a", 299 - "b"' }],
    [
      'a warning with quotes and control characters',
      ['a "b" \\\n\u0085c'],
      { warning: String.raw`299 - "a \"b\" \\  c"` },
    ],
    // Node writes each character of a header as one byte. The characters of the value are therefore the UTF-8 bytes of
    // the string.
    ['a warning that reverses text', ['a\u202eb\u200b'], { warning: String.raw`299 - "a\\u202eb\\u200b"` }],
    ['a warning in another script', ['größe 字'], { warning: Buffer.from('299 - "größe 字"').toString('latin1') }],
    [
      'one warning of the maximum length in another script',
      ['字'.repeat(4096)],
      { warning: Buffer.from(`299 - "${'字'.repeat(4096)}"`).toString('latin1') },
    ],
    ['one warning of the maximum length', ['x'.repeat(4096)], { warning: `299 - "${'x'.repeat(4096)}"` }],
    ['one warning that is too long', ['"'.repeat(4097)], { warning: `299 - "${String.raw`\"`.repeat(256)}"` }],
    [
      'many warnings that exceed the limit together',
      marks.map((mark) => mark.repeat(1000)),
      { warning: marks.map((mark) => `299 - "${mark.repeat(256)}"`).join(', ') },
    ],
  ])('for %s', (_, texts, header) => {
    expect(warningHeader(texts)).toEqual(header);
  });

  test('omits the first warning that exceeds the limit, and all later warnings', () => {
    const texts = Array.from({ length: 1000 }, (_, index) => `${index} ${'x'.repeat(300)}`);
    expect(warningHeader(texts)['warning']?.split(', ')).toHaveLength(16);
  });
});
