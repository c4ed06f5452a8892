import { expect, test } from 'vitest';
import { type RefusedObject, refusalRemedy } from './refusal-remedies.ts';

test.each<[string, RefusedObject, RegExp]>([
  ['namespaces "late" not found', {}, /kubectl create namespace late\)/],
  ['namespaces "late" not found', { namespace: 'of-the-instance' }, /kubectl create namespace late\)/],
  ['pods "web" is forbidden: exceeded quota: q, requested: pods=1', { namespace: 'shop' }, /still allows.* -n shop$/],
  ['pods "web" is forbidden: failed quota: q: must specify limits.cpu for: c', {}, /^set the requests and limits/],
  [
    'pods "web" is forbidden: insufficient quota to consume: pods',
    { namespace: 'shop' },
    /^have a quota created.* -n shop /,
  ],
  [
    `configmaps "a" is forbidden: ValidatingAdmissionPolicy 'keep' denied request: keep`,
    {},
    /or its deletion: correct what/,
  ],
])('the refusal "%s" of the object %j has the expected remedy', (message, object, remedy) => {
  expect(refusalRemedy(message, object)).toMatch(remedy);
});
