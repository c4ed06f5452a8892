import { expect, test } from 'vitest';
import { createEnvironment, RULE_LIBRARIES, STRING } from '../../index.ts';

const environment = createEnvironment({ libraries: RULE_LIBRARIES, variables: { self: STRING } });

function evaluated(expression: string, self: string): unknown {
  const compiled = environment.compile(expression);
  if (!compiled.ok) throw new Error(compiled.text);
  const result = compiled.program.evaluate({ self });
  return result.ok ? result.value : result.error.message;
}

test.each([
  ['dns1123Label', 'my-name', 'My-name'],
  ['dns1123Label', '123', 'a'.repeat(64)],
  ['dns1123Subdomain', 'a.example.com', 'a..b'],
  ['dns1035Label', 'my-name', '1-name'],
  ['qualifiedName', 'example.com/v1', 'a/b/c'],
  ['dns1123LabelPrefix', 'my-', '-my'],
  ['dns1123SubdomainPrefix', 'a.b-', '-a.b-'],
  ['dns1035LabelPrefix', 'my-', '1my-'],
  ['labelValue', '', '-'],
  ['uri', 'https://example.com/a', 'not absolute'],
  ['uuid', '123e4567-E89B-12d3-a456-426614174000', '123e4567'],
  ['byte', 'aGVsbG8=', 'aGVsbG8'],
  ['date', '2024-02-29', '2023-02-29'],
  ['datetime', '2021-01-01T00:00:00Z', '2021-01-01T24:00:00Z'],
])('format.%s() accepts %j and refuses %j', (name, good, bad) => {
  const rule = `!format.${name}().validate(self).hasValue()`;
  expect(evaluated(rule, good)).toBe(true);
  expect(evaluated(rule, bad)).toBe(false);
  expect(evaluated(`format.named("${name}").value() == format.${name}()`, good)).toBe(true);
});

test('validate returns a list of problems', () => {
  expect(evaluated('format.date().validate(self).value().join("; ")', 'x')).toBe('invalid date');
  expect(evaluated('size(self) == 0 || format.dns1123Label().validate(self) == null', 'A')).toBe(false);
});

test('format.named has no value for an unknown name', () => {
  expect(evaluated('format.named(self).hasValue()', 'email')).toBe(false);
});
