import { expect, test, vi } from 'vitest';
import type { JsonObject } from './json.ts';
import { setOwn } from './members.ts';
import { nearestName, requireKnownOptions } from './nearest-name.ts';
import { parseApiVersion } from './object.ts';
import { unknownKindHint } from './unknown-kind.ts';

const KNOWN = { port: true, host: true };

test.each<readonly [Record<string, unknown>, string | undefined]>([
  [{}, undefined],
  [{ port: 1, host: undefined }, undefined],
  [{ port: 1, prot: 2 }, 'prot'],
  [{ toString: 1 }, 'toString'],
  [Object.create({ prot: 1 }) as Record<string, unknown>, undefined],
])('the unknown name of %j is %j', (given, name) => {
  const check = () => requireKnownOptions('listen()', given, KNOWN, 'testing/unknown-option');
  if (name === undefined) expect(check).not.toThrow();
  else expect(check).toThrow(`listen() has no option "${name}"`);
});

test.each([
  ['prot', 'did you mean "port"?'],
  ['certificate', 'the options are port, host'],
])('the error of the option %s says: %s', (name, remedy) => {
  expect(() => requireKnownOptions('listen()', { [name]: 1 }, KNOWN, 'testing/unknown-option')).toThrow(
    expect.objectContaining({ message: `listen() has no option "${name}"`, code: 'testing/unknown-option', remedy }),
  );
});

test.each(['__proto__', 'constructor', 'toString', 'plain'])('%s becomes an own member; the prototype stays', (key) => {
  const object: JsonObject = {};
  setOwn(object, key, { polluted: true });
  expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
  expect(Object.getOwnPropertyDescriptor(object, key)).toEqual({
    value: { polluted: true },
    writable: true,
    enumerable: true,
    configurable: true,
  });
  expect(object['polluted']).toBeUndefined();
  expect(JSON.parse(JSON.stringify(object))).toEqual(object);
});

test.each<[string, string[], string | undefined]>([
  ['replcias', ['replicas', 'selector'], 'replicas'],
  ['Replicas', ['replicas'], 'replicas'],
  ['a', ['b'], 'b'],
  ['abcdef', ['abcdxy'], 'abcdxy'],
  ['abcdef', ['abcxyz'], undefined],
  ['replicas', ['replicas'], undefined],
  ['port', ['ports', 'part'], 'ports'],
  ['', ['a'], undefined],
])('the name nearest to %j in %j is %j', (name, known, nearest) => {
  expect(nearestName(name, known)).toBe(nearest);
});

test('of 10,000 known names, 1,000 are read', () => {
  const shown = vi.fn((name: string) => name);
  const names = Array.from({ length: 10_000 }, (_, index) => 'x'.repeat(20 + index));
  expect([nearestName('abcd', names, shown), shown.mock.calls.length]).toEqual([undefined, 1_000]);
});

const SERVED = [
  ['v1', 'ConfigMap'],
  ['apps/v1', 'Deployment'],
  ['autoscaling/v1', 'Scale'],
  ['apps/v1', 'Scale'],
  ['rbac.authorization.k8s.io/v1', 'Role'],
  ['cert-manager.io/v1', 'Certificate'],
  ['cert-manager.io/v1', 'Issuer'],
  ['s3.services.k8s.aws/v1alpha1', 'Bucket'],
].map(([apiVersion = '', kind = '']) => ({ ...parseApiVersion(apiVersion), kind }));

test.each([
  ['apps/v1', 'Deploymnet', 'did you mean "Deployment"?', 'kind'],
  ['v1', 'Deployment', 'Deployment is served in apps/v1', 'apiVersion'],
  ['app/v1', 'Deployment', 'Deployment is served in apps/v1', 'apiVersion'],
  ['apps/v1beta1', 'Deployment', 'Deployment is served in apps/v1', 'apiVersion'],
  ['extensions/v1beta1', 'Scale', 'Scale is served in autoscaling/v1, apps/v1', 'apiVersion'],
  ['cert-manger.io/v1', 'Certificate', 'Certificate is served in cert-manager.io/v1', 'apiVersion'],
  ['cert-manager.io/v1alpha2', 'Certificate', 'Certificate is served in cert-manager.io/v1', 'apiVersion'],
  ['cert-manager.io/v1', 'Role', 'missing', 'kind'],
  ['cert-manager.io/v1', 'Isuer', 'did you mean "Issuer"?', 'kind'],
  // The kind exists only in a group that has nothing to do with this group.
  ['iam.services.k8s.aws/v1alpha1', 'Role', 'missing', 'apiVersion'],
  // A near group does not have the kind.
  ['s4.services.k8s.aws/v1alpha1', 'Table', 'missing', 'apiVersion'],
  ['apps/v1', 'Unheard', 'missing', 'kind'],
])('the hint for %s %s is %j, at the %s', (apiVersion, kind, hint, field) => {
  expect(unknownKindHint({ ...parseApiVersion(apiVersion), kind }, SERVED, 'missing')).toEqual({ hint, field });
});
