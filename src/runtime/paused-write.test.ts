import { expect, test } from 'vitest';
import { pausedWrite } from './paused-write.ts';

const target = {
  type: { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true },
  namespace: 'ns',
  name: 'a',
};
const failure = { code: 403, reason: 'Forbidden', message: 'exceeded quota' };

test.each([
  ['the same content for the same object', { digest: 'd', uid: 'one' }, { digest: 'd', uid: 'one' }, 999, true],
  ['the same content, when the pause is over', { digest: 'd', uid: 'one' }, { digest: 'd', uid: 'one' }, 1000, false],
  ['other content for the same object', { digest: 'd', uid: 'one' }, { digest: 'e', uid: 'one' }, 999, false],
  ['the creation of an object that is gone', { digest: 'd', uid: 'one' }, { digest: 'd', uid: undefined }, 999, false],
  ['another object of the name', { digest: 'd', uid: 'one' }, { digest: 'd', uid: 'two' }, 999, false],
  ['a creation that was refused', { digest: 'd', uid: undefined }, { digest: 'd', uid: undefined }, 999, true],
  ['an object that another client created', { digest: 'd', uid: undefined }, { digest: 'd', uid: 'two' }, 999, false],
  ['a deletion that was refused', { digest: '', uid: 'one' }, { digest: '', uid: 'one' }, 999, true],
  ['a deletion of another object of the name', { digest: '', uid: 'one' }, { digest: '', uid: 'two' }, 999, false],
  ['a deletion after a refused change', { digest: 'd', uid: 'one' }, { digest: '', uid: 'one' }, 999, false],
])('%s', (_name, refused, attempt, now, paused) => {
  const failed = { ...refused, failure, retryAt: 1000 };
  expect(pausedWrite({ failedWrite: () => failed }, target, attempt, now)).toBe(paused ? failed : undefined);
  expect(pausedWrite({ failedWrite: () => undefined }, target, attempt, now)).toBeUndefined();
});
