import { expect, test } from 'vitest';
import { isImmutableRefusal } from '../instance/immutable-fields.ts';
import type { KubeObject } from '@typekro/kit/core';
import { KubeError } from '@typekro/kube';
import { keptKind, keptLive } from './replacement.ts';

interface Cause {
  readonly reason?: string;
  readonly field?: string;
  readonly message: string;
}

const invalid = (field: string, message: string): Cause => ({ reason: 'FieldValueInvalid', field, message });
const immutable = invalid('spec.selector', 'Invalid value: {"matchLabels":{"app":"b"}}: field is immutable');

const refusal = (message: string, causes: readonly Cause[], status = 422, reason = 'Invalid') =>
  new KubeError(message, { status, reason, details: { causes } });

test.each<[string, KubeError]>([
  ['a selector', refusal('Deployment.apps "web" is invalid: …', [immutable])],
  [
    'an IP address that can be set only once',
    refusal('…', [invalid('spec.clusterIPs[0]', 'Invalid value: ["10.0.0.2"]: may not change once set')]),
  ],
  [
    'a StatefulSet',
    refusal('…', [
      {
        reason: 'FieldValueForbidden',
        field: 'spec',
        message: "Forbidden: updates to statefulset spec for fields other than 'replicas' and 'template' are forbidden",
      },
    ]),
  ],
  [
    'an immutable ConfigMap',
    refusal('…', [
      {
        reason: 'FieldValueForbidden',
        field: 'data',
        message: 'Forbidden: field is immutable when `immutable` is set',
      },
    ]),
  ],
  ['a rule of a CRD', refusal('…', [invalid('spec.tier', 'Invalid value: "string": Value is immutable')])],
])('the refusal of %s is recognised as a change of an immutable field', (_what, error) => {
  expect(isImmutableRefusal(error)).toBe(true);
});

test.each<[string, KubeError]>([
  [
    'the name of the object contains the word immutable',
    refusal('Deployment.apps "immutable-web" is invalid: spec.replicas: Invalid value: -1: must be …', [
      invalid('spec.replicas', 'Invalid value: -1: must be greater than or equal to 0'),
    ]),
  ],
  [
    'the value of the field contains the message',
    refusal('…', [invalid('spec.x', 'Invalid value: "a: field is immutable": must be a DNS label')]),
  ],
  [
    'another field is also refused',
    refusal('…', [immutable, invalid('spec.replicas', 'Invalid value: -1: must be …')]),
  ],
  [
    'a policy refuses the object',
    refusal(
      'deployments.apps "web" is forbidden: ValidatingAdmissionPolicy \'prod\' denied request: field is immutable',
      [{ message: 'field is immutable' }],
    ),
  ],
  [
    'a webhook refuses the object',
    refusal('admission webhook "x.y" denied the request: field is immutable', [immutable]),
  ],
  ['the response has no causes', refusal('spec.selector: Invalid value: 1: field is immutable', [])],
  ['the status is 403', refusal('field is immutable', [immutable], 403, 'Forbidden')],
])('a refusal is not recognised as a change of an immutable field: %s', (_what, error) => {
  expect(isImmutableRefusal(error)).toBe(false);
});

test.each([
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
  ['v1', 'Namespace'],
  ['v1', 'PersistentVolumeClaim'],
  ['v1', 'PersistentVolume'],
])('no plan replaces an object of %s %s', (apiVersion, kind) => {
  expect(keptKind({ apiVersion, kind })).toContain(`typekro never replaces a ${kind}`);
  expect(keptKind({ apiVersion: `x.dev/v1`, kind })).toBeUndefined();
});

const live = (metadata: KubeObject['metadata']): KubeObject => ({ apiVersion: 'batch/v1', kind: 'Job', metadata });
const own = [{ manager: 'typekro', operation: 'Apply' }];

test.each<[string, KubeObject['metadata'], string | undefined]>([
  ['applied by typekro', { managedFields: own }, undefined],
  ['made by helm', { managedFields: [{ manager: 'helm', operation: 'Update' }] }, 'another client created this one'],
  ['of an instance', { managedFields: own, labels: { 'applyset.kubernetes.io/part-of': 'x' } }, 'of an instance'],
  [
    'of a controller',
    {
      managedFields: own,
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'n', uid: 'u', controller: true }],
    },
    'of CronJob n',
  ],
])(
  'a live object of a file is replaced only if typekro applied it and nothing else manages it: %s',
  (_what, metadata, kept) => {
    if (kept === undefined) expect(keptLive(live(metadata))).toBeUndefined();
    else expect(keptLive(live(metadata))).toContain(kept);
  },
);
