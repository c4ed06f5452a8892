import { expect, test } from 'vitest';
import { unknownForm } from './output-form.ts';

test.each([
  ['yaml', ['typescript', 'jsonschema', 'crd'], 'choose one: --output typescript, jsonschema or crd'],
  ['xml', ['text', 'json', 'sarif'], 'choose one: --output text, json or sarif'],
  ['jsno', ['text', 'json', 'yaml'], 'did you mean --output json?'],
  ['JSON', ['text', 'json', 'yaml'], 'did you mean --output json?'],
])('the error for --output %s has a remedy that names formats of %j', (given, forms, remedy) => {
  expect(unknownForm(given, forms)).toMatchObject({
    code: 'cli/usage',
    message: `--output ${given} is not one of ${forms.join(', ')}`,
    remedy,
  });
});
