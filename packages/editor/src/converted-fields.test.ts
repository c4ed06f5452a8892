import { expect, test } from 'vitest';
import { CURSOR, editorAt, typing } from '../test-support/editor.ts';
import { completionsAt } from './completion/index.ts';
import { hoverAt } from './hover.ts';

const SITE = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: site
spec:
  schema:
    apiVersion: v1
    kind: Site
    group: example.com
    spec:
      hostname: string | required=true description="The name of the host."
      port: integer | default=80
      size: { width: integer | required=true }
    status:
      url: \${settings.metadata.name}
    versions:
      - name: v1alpha1
        deprecated: true
        deprecationWarning: use example.com/v1
        types:
          Area: { wide: integer }
        spec:
          host: string | required=true
          area: Area
        convertTo:
          spec.hostname: \${self.spec.host}
        convertFrom:
          spec.host: \${self.spec.hostname}
        lossy:
          - spec.port
          - spec.size
          - spec.area
  resources:
    - id: settings
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: \${schema.metadata.name}
`;

const FLOW = SITE.replace(
  'lossy:\n          - spec.port\n          - spec.size\n          - spec.area',
  'lossy: [spec.port]',
);

function labels(marked: string): string[] {
  const { workspace, document, position } = editorAt(marked, { 'site.yaml': SITE });
  return completionsAt(document, position, workspace.source).map(({ label }) => label);
}

test.each([
  [
    'the fields of the hub, as keys of convertTo',
    'convertTo:\n',
    '          ',
    ['spec.port', 'spec.size', 'spec.size.width', 'status.url'],
  ],
  [
    'the fields of the version, as keys of convertFrom',
    'convertFrom:\n',
    '          spec.',
    ['spec.area', 'spec.area.wide'],
  ],
  [
    'a field of the version behind self in convertTo',
    'convertTo:\n',
    '          spec.port: ${self.spec.',
    ['host', '?area'],
  ],
  [
    'a field of the hub behind self in convertFrom',
    'convertFrom:\n',
    '          spec.area: ${self.spec.',
    ['hostname', 'port'],
  ],
  ['the status of the hub in convertFrom', 'convertFrom:\n', '          spec.area: ${self.status.', ['url']],
  ['only self as a name', 'convertTo:\n', '          spec.port: ${se', ['self']],
  [
    'the fields of both versions in lossy',
    'lossy:\n',
    '          - ',
    ['spec.host', 'spec.hostname', 'spec.size.width'],
  ],
  ['the other keys of an entry', '- spec.area\n', '        ', ['served', 'status', 'additionalPrinterColumns']],
  ['a custom type of the version', 'area: Area\n', '          other: ', ['Area', 'string']],
])('completes %s', (_title, before, typed, expected) => {
  expect(labels(typing(SITE, before, typed))).toEqual(expect.arrayContaining(expected));
});

test.each([
  ['a field that has a rule already', 'convertTo:\n', '          ', 'spec.hostname'],
  ['a field of the other version', 'convertTo:\n', '          ', 'spec.host'],
  ['a lossy field again', 'lossy:\n', '          - ', 'spec.port'],
  ['schema in a conversion', 'convertTo:\n', '          spec.port: ${s', 'schema'],
  ['a field as the constant of a rule', 'convertTo:\n', '          spec.port: ', 'spec.port'],
])('does not complete %s', (_title, before, typed, label) => {
  expect(labels(typing(SITE, before, typed))).not.toContain(label);
});

test('an item of a flow list replaces only itself', () => {
  const { workspace, document, position } = editorAt(typing(FLOW, 'lossy: [spec.port', ', spec.ho'));
  const [item] = completionsAt(document, position, workspace.source).filter(({ label }) => label === 'spec.host');
  const { line, character } = position;
  expect(item?.textEdit).toMatchObject({
    range: { start: { line, character: character - 'spec.ho'.length }, end: position },
  });
});

test.each([
  ['a key of convertTo', '          spec.host‸name:', '**spec.hostname** `string`', 'of v1'],
  ['a key of convertFrom', '          spec.ho‸st:', '**spec.host** `string`', 'of v1alpha1'],
  ['a lossy field', '          - spec.p‸ort', '**spec.port** `integer`', 'of v1; kept in an annotation'],
  ['a field that an expression reads', '${self.spec.hostn‸ame}', '**hostname** `string`', 'The name of the host.'],
  ['self', '${se‸lf.spec.hostname}', '**self**', 'the instance'],
  ['a marker of the version', 'host: string | requ‸ired=true', '**required**', 'An instance must have the field.'],
])('explains %s', (_title, place, ...parts) => {
  const { workspace, document, position } = editorAt(SITE.replace(place.replace(CURSOR, ''), place));
  const hover = hoverAt(document, position, workspace.source);
  for (const part of parts) expect(hover?.contents).toMatchObject({ value: expect.stringContaining(part) });
});

const BLOG = `apiVersion: example.com/v1alpha1
kind: Site
metadata: { name: blog }
spec:
  host: blog.example.com
`;

test.each([
  ['the version', 'example.com/v1al‸pha1', 'Deprecated: use example.com/v1'],
  ['the kind', 'kind: Si‸te', '**example.com/v1alpha1 Site**'],
  ['a field of this version', 'ho‸st:', 'of example.com/v1alpha1 Site'],
])('an instance in a former version: explains %s', (_title, place, part) => {
  const { workspace, document, position } = editorAt(BLOG.replace(place.replace(CURSOR, ''), place), {
    'site.yaml': SITE,
  });
  expect(hoverAt(document, position, workspace.source)?.contents).toMatchObject({
    value: expect.stringContaining(part),
  });
});

test('an instance in a former version is completed with its fields, and its version is shown as deprecated', () => {
  expect(labels(typing(BLOG, '  host: blog.example.com\n', '  '))).toEqual(['area']);
  const { workspace, document, position } = editorAt(BLOG.replace('example.com/v1alpha1', CURSOR), {
    'site.yaml': SITE,
  });
  const found = completionsAt(document, position, workspace.source);
  const tags = found
    .filter(({ label }) => label.startsWith('example.com/'))
    .map(({ label, tags = [] }) => [label, tags]);
  expect(tags).toEqual([
    ['example.com/v1', []],
    ['example.com/v1alpha1', [1]],
  ]);
});
