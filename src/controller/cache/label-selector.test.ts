import { describe, expect, it } from 'vitest';
import { labelMatcher } from './label-selector.ts';

const labels = { app: 'web', tier: 'front', 'acme.test/team': 'a' };

describe('labelMatcher', () => {
  it.each([
    ['', true],
    ['app=web', true],
    ['app==web,tier = front', true],
    ['app=db', false],
    ['app!=db', true],
    ['missing!=x', true],
    ['app', true],
    ['!app', false],
    ['! missing', true],
    ['tier in (front,back)', true],
    ['tier in (back),app', false],
    ['tier notin (back)', true],
    ['missing notin (x)', true],
    ['missing in (x)', false],
    ['acme.test/team=a', true],
    ['constructor', false],
    ['a b c', false],
  ])('%s → %s', (selector, expected) => {
    expect(labelMatcher(selector)(labels)).toBe(expected);
  });

  it('matches an object without labels', () => {
    expect(labelMatcher('!a')(undefined)).toBe(true);
    expect(labelMatcher('a')(undefined)).toBe(false);
  });
});
