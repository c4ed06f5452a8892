import { expect, test } from 'vitest';
import { parseApiVersion } from './object.ts';
import { unknownKindHint } from './unknown-kind.ts';

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
