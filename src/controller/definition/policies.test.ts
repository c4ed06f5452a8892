import { describe, expect, it } from 'vitest';
import { readPolicies } from './policies.ts';

const read = (annotations: Record<string, string>) =>
  readPolicies({
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'd', annotations },
  });

describe('readPolicies', () => {
  it.each([
    [{}, { nodeAdoption: new Map(), problems: [] }],
    [
      { 'typekro.dev/adoption': 'refuse, db = take-over,x=adopt' },
      {
        adoption: 'refuse',
        nodeAdoption: new Map([
          ['db', 'takeOver'],
          ['x', 'adopt'],
        ]),
        problems: [],
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
        problems: [],
      },
    ],
    [
      { 'typekro.dev/service-account': 'team-a/deployer' },
      { nodeAdoption: new Map(), serviceAccount: { namespace: 'team-a', name: 'deployer' }, problems: [] },
    ],
  ])('reads %j', (annotations, expected) => {
    const { invalid, ...policies } = read(annotations);
    expect(policies).toEqual(expected);
    expect(invalid.map(({ annotation, message }) => `annotation ${annotation}: ${message}`)).toEqual(policies.problems);
  });

  it.each([
    [
      { 'typekro.dev/adoption': 'steal' },
      'annotation typekro.dev/adoption: "steal" must be adopt, refuse or take-over',
    ],
    [
      { 'typekro.dev/adoption': 'x=constructor' },
      'annotation typekro.dev/adoption: "x=constructor" must be adopt, refuse or take-over',
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
    [{ 'typekro.dev/deletion-policy': 'Wait' }, 'annotation typekro.dev/deletion-policy: "Wait" is not wait'],
  ])('%j is a problem', (annotations, problem) => {
    expect(read(annotations).problems).toEqual([problem]);
  });
});
