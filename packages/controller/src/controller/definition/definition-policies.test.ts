import { describe, expect, it, test } from 'vitest';
import { annotationProblems, expressionBudget, readPolicies } from './definition-policies.ts';

const read = (annotations: Record<string, string>) =>
  readPolicies({
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'd', annotations },
  });

describe('readPolicies', () => {
  it.each([
    [{}, { nodeAdoption: new Map(), invalid: [] }],
    [
      { 'typekro.dev/adoption': 'refuse, db = take-over,x=adopt' },
      {
        adoption: 'refuse',
        nodeAdoption: new Map([
          ['db', 'takeOver'],
          ['x', 'adopt'],
        ]),
        invalid: [],
      },
    ],
    [
      {
        'typekro.dev/canary': '10%',
        'typekro.dev/namespaces': 'instance',
        'typekro.dev/cel-budget': '5000',
        'typekro.dev/deletion-policy': 'wait',
      },
      {
        nodeAdoption: new Map(),
        canary: { kind: 'percent', percent: 10 },
        namespaces: 'instance',
        budget: 5000,
        invalid: [],
      },
    ],
    [{ 'typekro.dev/explain': 'true' }, { nodeAdoption: new Map(), explain: true, invalid: [] }],
    [{ 'typekro.dev/explain': 'false' }, { nodeAdoption: new Map(), invalid: [] }],
    [
      { 'typekro.dev/service-account': 'team-a/deployer' },
      { nodeAdoption: new Map(), serviceAccount: { namespace: 'team-a', name: 'deployer' }, invalid: [] },
    ],
  ])('reads %j', (annotations, expected) => {
    expect(read(annotations)).toEqual(expected);
  });

  it.each([
    [
      { 'typekro.dev/adoption': 'steal' },
      'annotation typekro.dev/adoption: "steal": the policy must be adopt, refuse or take-over',
    ],
    [
      { 'typekro.dev/adoption': 'x=constructor' },
      'annotation typekro.dev/adoption: "x=constructor": the policy must be adopt, refuse or take-over',
    ],
    [
      { 'typekro.dev/service-account': 'deployer' },
      'annotation typekro.dev/service-account: "deployer" is not written as namespace/name',
    ],
    [
      { 'typekro.dev/service-account': 'a/b/c' },
      'annotation typekro.dev/service-account: "a/b/c" is not written as namespace/name',
    ],
    [
      { 'typekro.dev/service-account': 'a:b/c' },
      'annotation typekro.dev/service-account: "a:b/c" is not written as namespace/name',
    ],
    [
      { 'typekro.dev/adoption': 'db=adopt=x' },
      'annotation typekro.dev/adoption: "db=adopt=x": the policy must be adopt, refuse or take-over',
    ],
    [
      { 'typekro.dev/adoption': '=adopt' },
      'annotation typekro.dev/adoption: "=adopt": the id of a node must precede =',
    ],
    [{ 'typekro.dev/explain': 'yes' }, 'annotation typekro.dev/explain: "yes" is not true or false'],
    [
      { 'typekro.dev/cel-budget': '10000001' },
      'annotation typekro.dev/cel-budget: "10000001" is not a whole number from 1 to 10000000',
    ],
    [{ 'typekro.dev/deletion-policy': 'Wait' }, 'annotation typekro.dev/deletion-policy: "Wait" is not wait'],
  ])('%j is a problem', (annotations, problem) => {
    expect(annotationProblems(read(annotations))).toEqual([problem]);
  });
});

test.each([
  [undefined, undefined, undefined],
  [undefined, 100, 100],
  [200, undefined, 200],
  [200, 100, 100],
  [50, 100, 50],
])('the budget of an expression with the annotation %s and the limit %s is %s', (budget, limit, expected) => {
  expect(expressionBudget(budget === undefined ? {} : { budget }, limit)).toBe(expected);
});
