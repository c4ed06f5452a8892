import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { statusChecks } from './status-checks.ts';
import { Problems } from '../errors/field-problems.ts';

const VALID = { type: 'Ready', status: 'True', reason: 'Done', lastTransitionTime: '2026-01-01T00:00:00Z' };
const IS_REASON =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";

test.each<[string, JsonObject[], string[]]>([
  ['is valid', [VALID, { ...VALID, type: 'example.com/Other', status: 'Unknown', observedGeneration: 1 }], []],
  ['is repeated', [VALID, { ...VALID, status: 'False' }], ['[1].type: Duplicate value: "Ready"']],
  [
    'has no status, reason or time',
    [{ type: 'Ready' }],
    [
      '[0].status: Unsupported value: "": supported values: "False", "True", "Unknown"',
      '[0].lastTransitionTime: Required value',
      '[0].reason: Required value',
    ],
  ],
  [
    'has a negative generation and an invalid reason',
    [{ ...VALID, observedGeneration: -1, reason: 'no reason' }],
    [
      '[0].observedGeneration: Invalid value: -1: must be greater than or equal to zero',
      `[0].reason: Invalid value: "no reason": ${IS_REASON}`,
    ],
  ],
  [
    'has too long texts',
    [{ ...VALID, reason: 'x'.repeat(1025), message: 'x'.repeat(32 * 1024 + 1) }],
    [
      '[0].reason: Too long: may not be more than 1024 bytes',
      '[0].message: Too long: may not be more than 32768 bytes',
    ],
  ],
])('a list with a condition that %s has exactly the expected problems', (_title, conditions, expected) => {
  for (const kind of ['policy/poddisruptionbudgets', 'admissionregistration.k8s.io/validatingadmissionpolicies']) {
    const object: KubeObject = { apiVersion: 'v1', kind: 'K', metadata: {}, status: { conditions } };
    const problems = new Problems();
    statusChecks.get(kind)?.(object, object, problems);
    expect(problems.map(({ field, message }) => `${field}: ${message}`)).toEqual(
      expected.map((text) => `status.conditions${text}`),
    );
  }
});
