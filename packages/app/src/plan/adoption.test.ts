import { expect, test } from 'vitest';
import { refusedAdoptionRemedy } from './adoption.ts';

test.each([
  ['spec.selector: Invalid value: {}: field is immutable', /^write the values of the object into the template$/],
  ['admission webhook "a.test" denied the request: spec.a is immutable', /^a policy of the cluster refuses the object/],
  ['pods "a" is forbidden: exceeded quota: q', /have the quota raised: kubectl describe resourcequota -n one$/],
  ['spec.a: Invalid value: 1: too small', /^correct what the message names, or write the values of the object/],
])('the remedy for a refused adoption fits the message %j', (message, remedy) => {
  expect(
    refusedAdoptionRemedy(message, { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a', namespace: 'one' }),
  ).toMatch(remedy);
});
