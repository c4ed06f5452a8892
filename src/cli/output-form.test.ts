import { expect, test } from 'vitest';
import { unknownForm } from './output-form.ts';

test.each([
  ['yaml', ['typescript', 'jsonschema', 'crd'], 'choose one: --output typescript, jsonschema or crd'],
  ['xml', ['text', 'json', 'sarif'], 'choose one: --output text, json or sarif'],
  ['jsno', ['text', 'json', 'yaml'], 'did you mean --output json?'],
  ['JSON', ['text', 'json', 'yaml'], 'did you mean --output json?'],
])('the remedy for --output %s when the command has the formats %j', (given, forms, remedy) => {
  expect(unknownForm(given, forms)).toMatchObject({
    code: 'cli/usage',
    message: `--output ${given} is none of ${forms.join(', ')}`,
    remedy,
  });
});
