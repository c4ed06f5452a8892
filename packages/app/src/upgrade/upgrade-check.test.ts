import { expect, test } from 'vitest';
import { type LevelCheck, isNewlyRefused } from './upgrade-check.ts';

const ACCEPTED: LevelCheck = {
  level: '0.10',
  revision: 1,
  crd: 'unchanged',
  schema: [],
  pins: [],
  plans: [],
  marks: [],
};
const REFUSED: LevelCheck = { ...ACCEPTED, refusal: 'no such field' };
const BROKEN_PIN: LevelCheck = { ...ACCEPTED, pins: [{ revision: 1, refusal: 'no such field', instances: ['a/b'] }] };
const BROKEN_HOLD: LevelCheck = {
  ...ACCEPTED,
  held: [{ revision: 1, refusal: 'no such field', instances: ['a/b'], follows: 2 }],
};

test.each<[string, string, LevelCheck, boolean]>([
  ['a served definition', 'Active', REFUSED, true],
  ['a served definition whose CRD is refused', 'Active', { ...ACCEPTED, crd: 'refused' }, true],
  ['a served definition with an instance that is pinned to a refused revision', 'Active', BROKEN_PIN, true],
  ['a served definition with an instance that is held back at a refused revision', 'Active', BROKEN_HOLD, true],
  ['an accepted definition', 'Active', ACCEPTED, false],
  ['a definition that is already refused', 'Inactive', REFUSED, false],
  ['a definition that no controller has handled', '', REFUSED, false],
])('only a served definition can be newly refused: %s', (_title, state, check, expected) =>
  expect(isNewlyRefused({ state }, check)).toBe(expected),
);
