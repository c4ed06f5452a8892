import { expect, test } from 'vitest';
import type { KroCompatibility } from '../kro-compatibility.ts';
import { nameText, shownNameText } from './name-text.ts';

test.each<[string, KroCompatibility, string[] | undefined]>([
  ['a-${schema.spec.b}', '0.10', ['schema.spec.b']],
  ["${schema.spec.b + '}'}", '0.10', ["schema.spec.b + '}'"]],
  ["${schema.spec.b + '}'}", '0.9', ["schema.spec.b + '"]],
  ['a-${b', '0.10', undefined],
  ['a-${b', '0.9', []],
  ['${web.metadata.name}', '0.9', []],
])('the expressions of the name %s are found by the rules of kro %s', (text, level, expressions) => {
  const found = nameText(text, () => 'x-${y', level);
  expect(found?.filter(({ expression }) => expression).map((each) => each.text)).toEqual(expressions);
});

test('a name that reads the name of another resource contains the name of that resource', () => {
  const names = new Map([
    ['web', '${app.metadata.name}-web'],
    ['app', '${schema.spec.name}'],
  ]);
  const found = nameText('${web.metadata.name}-x', (id) => names.get(id));
  expect(found === undefined ? undefined : shownNameText(found)).toBe('${schema.spec.name}-web-x');
});
