import type { CodeInfo } from '@typekro/kit/core';
import { expressionCodes } from './codes/codes-expressions.ts';
import { graphCodes } from './codes/codes-graph.ts';
import { structureCodes } from './codes/codes-structure.ts';
import { versionCodes } from './codes/codes-versions.ts';
import { warningCodes } from './codes/codes-warnings.ts';

const bomb = [
  'l0: &l0 [x, x, x, x, x, x, x, x, x, x]',
  ...Array.from({ length: 6 }, (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level}, `.repeat(9)}*l${level}]`),
].join('\n');

/** Problems of a file that are found before its content is read as a definition. */
const yamlCodes: readonly CodeInfo[] = [
  {
    code: 'yaml/syntax',
    severity: 'error',
    summary: 'The text is not YAML (or JSON).',
    example: 'service:\n      name: web\n    port: 80\n',
    remedy: 'Correct the reported line. Common mistakes are its indentation, a missing quote, and a tab.',
  },
  {
    code: 'yaml/duplicate-key',
    severity: 'warning',
    summary: 'An object has the same key twice. Only the last value is read, as kubectl reads it.',
    example: 'metadata:\n  name: a\n  name: b\n',
    remedy: 'Remove one of the two keys.',
  },
  {
    code: 'yaml/unknown-alias',
    severity: 'error',
    summary: 'An alias names an anchor that is not defined before the alias.',
    example: 'labels: *common\n',
    remedy:
      'Put the anchor (&common) on an earlier value of the same document, or quote the text if it is not an alias.',
  },
  {
    code: 'yaml/alias-bomb',
    severity: 'error',
    summary: 'Aliases of aliases expand to more than 100,000 values.',
    example: `${bomb}\n`,
    remedy: 'Write the values without aliases, or use fewer levels of aliases.',
  },
  {
    code: 'yaml/too-deep',
    severity: 'error',
    summary: 'Values are nested deeper than any API object can be.',
    example: `${'[ '.repeat(250)}\n`,
    remedy: 'Make the structure flatter.',
  },
  {
    code: 'yaml/too-large',
    severity: 'error',
    summary: 'One document is longer than the 3 MiB that an API server accepts.',
    example: 'a: 1\n'.repeat(700_000),
    remedy: 'Divide the file into documents with lines of "---", or the graph into several.',
  },
  {
    code: 'yaml/unsupported-value',
    severity: 'error',
    summary: 'A value or key has no form in JSON: infinity, an unknown tag, a key that is a list or an object.',
    example: 'ratio: .inf\n',
    remedy: 'Quote the value to make it a string, or write a value that JSON has.',
  },
  {
    code: 'yaml/old-boolean',
    severity: 'warning',
    summary: 'A word such as yes, no, on, off or y without quotes is a boolean to kubectl, not a string.',
    example: 'data:\n  enabled: yes\n',
    remedy: 'Quote the word to make it a string. Write true or false for a boolean.',
  },
];

/**
 * All codes of the diagnostics that reading and compiling definitions can report, except those of SimpleSchema
 * (`simpleschema/…`).
 */
export const diagnosticCodes: readonly CodeInfo[] = [
  ...yamlCodes,
  ...structureCodes,
  ...versionCodes,
  ...graphCodes,
  ...expressionCodes,
  ...warningCodes,
];
