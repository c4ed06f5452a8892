import { expect, test } from 'vitest';
import { TemplatePlace } from './template-place.ts';

test('a place has its steps, and formats its path as kro does', () => {
  const place = new TemplatePlace().below('spec').below('ports').below(0).below('a.b');
  expect([place.steps, place.text]).toEqual([['spec', 'ports', 0, 'a.b'], 'spec.ports[0]["a.b"]']);
});

test('equal steps give the same place, but the index 0 and the key "0" give different places', () => {
  const root = new TemplatePlace();
  expect(root.below('a').below(0)).toBe(root.below('a').below(0));
  expect(root.below(0)).not.toBe(root.below('0'));
});

test('the number of cached places is limited', () => {
  const root = new TemplatePlace();
  for (let index = 0; index < 20_000; index += 1) root.below(index);
  const late = root.below(19_999);
  expect(late).not.toBe(root.below(19_999));
  expect(late.text).toBe('[19999]');
});
