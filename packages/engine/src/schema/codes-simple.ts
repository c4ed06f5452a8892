import type { CodeInfo } from '@typekro/kit/core';
import { MARKER_KEYS } from './simple/simple-lexer.ts';

/** A definition with these lines under `spec.schema` and without resources. */
function withBlock(lines: string): string {
  const block = lines.split('\n').map((line) => (line === '' ? line : `    ${line}`));
  return `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: example
spec:
  schema:
    apiVersion: v1alpha1
    kind: App
    group: example.com
${block.join('\n')}
  resources: []
`;
}

const withField = (field: string): string => withBlock(`spec:\n  ${field}`);

const error = (name: string, summary: string, example: string, remedy: string): CodeInfo => ({
  code: `simpleschema/${name}`,
  severity: 'error',
  summary,
  example,
  remedy,
});

const DEEP_TYPE = `${'[]'.repeat(18)}string`;
const doubling = (level: number): string => `  T${level}: {left: T${level - 1}, right: T${level - 1}}`;
const LARGE_BLOCK = [
  'types:',
  '  T0: {name: string}',
  ...Array.from({ length: 18 }, (_, level) => doubling(level + 1)),
  'spec:',
  '  tree: T18',
].join('\n');

/** The codes of problems in SimpleSchema, the language of the `spec` and `types` blocks of a definition. */
export const simpleSchemaCodes: readonly CodeInfo[] = [
  error(
    'not-a-map',
    'The spec or types block is not a map of fields.',
    withBlock('spec: [name, image]'),
    'Write a map from field names to types.',
  ),
  error(
    'unexpected-value',
    'A field is neither a type nor a map of fields.',
    withField('replicas: 3'),
    'Write the type; a default is a marker: integer | default=3.',
  ),
  error(
    'empty-type',
    'A type is missing: the text is empty, or ends after [] or map[string].',
    withField('tags: "[]"'),
    'Name the type of the elements: []string.',
  ),
  error(
    'unknown-type',
    'A type is neither built in nor declared in types.',
    withField('port: int'),
    'The types are string, integer, boolean, float, object, []T and map[string]T, and those of the types block.',
  ),
  error(
    'map-key',
    'The keys of a map are not strings.',
    withField('weights: map[integer]string'),
    'Write map[string] and the type of the values.',
  ),
  error(
    'type-too-deep',
    'A type has more than 16 levels of [] and map[string].',
    withField(`deep: "${DEEP_TYPE}"`),
    'Declare the inner part in types, or use object.',
  ),
  error(
    'type-cycle',
    'A custom type contains itself, directly or through other types.',
    withBlock('types:\n  Tree:\n    children: "[]Tree"\nspec:\n  root: Tree'),
    'Types are expanded where they are used, so they cannot be recursive. Use object for the recursive part.',
  ),
  error(
    'too-large',
    'Custom types are expanded at each use, and the expanded schema has more than 200,000 fields or 200 levels.',
    withBlock(LARGE_BLOCK),
    'Use object where the structure does not matter.',
  ),
  error(
    'marker-syntax',
    'The text after | is not a list of markers: a value, quote or bracket is missing.',
    withField("name: 'string | required'"),
    'Write key=value, separated by spaces: string | required=true description="Name of the app".',
  ),
  error(
    'unknown-marker',
    'A marker does not exist.',
    withField('name: string | requird=true'),
    `Correct the name: ${MARKER_KEYS.join(', ')}. A value with spaces or = needs double quotes.`,
  ),
  error(
    'marker-value',
    'The value of a marker cannot be read.',
    withField('name: string | required=yes'),
    'Markers such as required take true or false, bounds take numbers, and listType takes atomic, set or map.',
  ),
  error(
    'marker-type',
    'A marker does not apply to fields of this type.',
    withField('replicas: integer | maxLength=3'),
    "Limit numbers with minimum and maximum, strings with minLength, maxLength and pattern, and lists with minItems and maxItems. The items of a list have no markers; check them with validation=\"self.all(item, item in ['a', 'b'])\".",
  ),
  error(
    'default',
    'The default is not a value of the type.',
    withField('replicas: integer | default=three'),
    'Write a value of the type, or change the type.',
  ),
  error(
    'enum',
    'A value of the enumeration is empty or of another type.',
    withField('level: integer | enum="1,2,high"'),
    'Separate the values by commas. Write only strings for a string field, and only integers for an integer field.',
  ),
  error(
    'pattern',
    'The pattern is not a regular expression of RE2.',
    withField('name: string | pattern="[a-z"'),
    'Correct the expression. RE2 has no look-around and no back-references.',
  ),
  error(
    'list-type',
    'Markers of a list contradict each other.',
    withField('tags: "[]string | uniqueItems=true listType=map"'),
    'Use one of uniqueItems and listType; listMapKey needs listType=map.',
  ),
  error(
    'not-json',
    'A default or bound cannot be written as JSON, so the CustomResourceDefinition cannot be stored.',
    withField("settings: 'object | default={debug: true}'"),
    'Write the default as JSON: default={"debug": true}.',
  ),
];
