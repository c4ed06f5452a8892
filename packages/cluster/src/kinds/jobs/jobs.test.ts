import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { jobStrategy } from './jobs.ts';
import type { MutableObject, WriteContext } from '../strategy.ts';
import { Problems } from '../../errors/field-problems.ts';

// The rules of Jobs use no other member of the context.
const context = { subresource: '' } as WriteContext;

interface JobParts {
  readonly name?: string;
  readonly spec?: JsonObject;
  readonly labels?: JsonObject;
  readonly pod?: JsonObject;
}

function newJob({ name = 'j', spec = {}, labels, pod = {} }: JobParts): KubeObject {
  const template: JsonObject = {
    metadata: labels === undefined ? {} : { labels },
    spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }], ...pod },
  };
  const job: MutableObject = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, uid: 'u' },
    spec: { ...structuredClone(spec), template },
  };
  jobStrategy.defaults?.(job);
  jobStrategy.prepareCreate?.(job, context);
  return job;
}

function texts(check: (problems: Problems) => void): string[] {
  const problems = new Problems();
  check(problems);
  return [...new Set(problems.map(({ field, message }) => `${field}: ${message}`))];
}
const problemsOf = (parts: JobParts): string[] =>
  texts((problems) => jobStrategy.validate?.(newJob(parts), problems, context));

const INDEXED = { completionMode: 'Indexed', completions: 5 };
const success = (...rules: JsonObject[]): JobParts => ({ spec: { ...INDEXED, successPolicy: { rules } } });
const failure = (...rules: JsonObject[]): JobParts => ({ spec: { podFailurePolicy: { rules } } });
const codes = (values: number[]): JsonObject => ({ action: 'Ignore', onExitCodes: { operator: 'In', values } });
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const RULES = 'spec.successPolicy.rules';
const FAILURES = 'spec.podFailurePolicy.rules';
const TOO_MANY = (count: number, max: number) => `Too many: ${count}: must have at most ${max} items`;
const IMMUTABLE = 'field is immutable';
const CONDITION = { type: 'A', status: 'True' };

describe('a new Job', () => {
  test.each<[string, JobParts, string[]]>([
    ['is accepted', {}, []],
    ['may have a success policy', success({ succeededIndexes: '0-2,4', succeededCount: 4 }), []],
    [
      'must have a rule in its success policy',
      success(),
      [`${RULES}: Required value: at least one rules must be specified when the successPolicy is specified`],
    ],
    [
      'may have at most 20 rules in its success policy',
      success(...numbers(21).map(() => ({ succeededCount: 1 }))),
      [`${RULES}: ${TOO_MANY(21, 20)}`],
    ],
    [
      'must have a criterion in each rule of its success policy',
      success({}),
      [`${RULES}[0]: Required value: at least one of succeededCount or succeededIndexes must be specified`],
    ],
    [
      'must have valid indexes in its success policy',
      success({ succeededIndexes: '3-1' }),
      [
        `${RULES}[0].succeededIndexes: Invalid value: "3-1": error parsing succeededIndexes: non-increasing order, previous: 3, current: 1`,
      ],
    ],
    [
      'must have reachable counts in its success policy',
      success({ succeededCount: 6 }, { succeededIndexes: '0-2', succeededCount: 4 }, { succeededCount: -1 }),
      [
        `${RULES}[0].succeededCount: Invalid value: 6: must be less than or equal to 5 (the number of specified completions)`,
        `${RULES}[1].succeededCount: Invalid value: 4: must be less than or equal to 3 (the number of indexes in the specified succeededIndexes field)`,
        `${RULES}[2].succeededCount: Invalid value: -1: must be greater than or equal to 0`,
      ],
    ],
    [
      'must have an action in each rule of its failure policy',
      failure({ onPodConditions: [CONDITION] }),
      [`${FAILURES}[0].action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]`],
    ],
    [
      'must have an operator for exit codes',
      failure({ action: 'Ignore', onExitCodes: { values: [1] } }),
      [`${FAILURES}[0].onExitCodes.operator: Required value: valid values: ["In" "NotIn"]`],
    ],
    [
      'may have only a limited number of failure rules',
      failure(...numbers(20).map(() => codes([1])), {
        action: 'Ignore',
        onPodConditions: numbers(21).map(() => CONDITION),
      }),
      [`${FAILURES}: ${TOO_MANY(21, 20)}`, `${FAILURES}[20].onPodConditions: ${TOO_MANY(21, 20)}`],
    ],
    [
      'may have only a limited number of exit codes',
      failure(codes(numbers(256))),
      [`${FAILURES}[0].onExitCodes.values: ${TOO_MANY(256, 255)}`],
    ],
    [
      'may not have a failure policy with the restart policy Always',
      { ...failure(codes([1])), pod: { restartPolicy: 'Always' } },
      ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ],
    [
      'may not have a long value in managedBy',
      { spec: { managedBy: `a.b/${'c'.repeat(60)}` } },
      ['spec.managedBy: Too long: may not be more than 63 bytes'],
    ],
    [
      'that is indexed must have a name that is valid in host names',
      { name: 'a.b', spec: INDEXED },
      ['metadata.name: Invalid value: "a.b": will not able to create pod with invalid DNS label: a.b-4'],
    ],
    [
      'that is indexed must have a short name',
      { name: 'a'.repeat(62), spec: INDEXED },
      [
        `metadata.name: Invalid value: "${'a'.repeat(62)}": will not able to create pod with invalid DNS label: ${'a'.repeat(62)}-4`,
      ],
    ],
    [
      'may not have the labels of another Job',
      { labels: { 'job-name': 'other', 'controller-uid': 'v' } },
      [
        `spec.template.metadata.labels[controller-uid]: Invalid value: {"batch.kubernetes.io/controller-uid":"u","batch.kubernetes.io/job-name":"j","controller-uid":"v","job-name":"other"}: must be 'u'`,
        `spec.template.metadata.labels[job-name]: Invalid value: {"batch.kubernetes.io/controller-uid":"u","batch.kubernetes.io/job-name":"j","controller-uid":"v","job-name":"other"}: must be 'j'`,
      ],
    ],
    [
      'may not have the selector of another Job',
      { spec: { selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'v' } } } },
      [
        'spec.selector: Invalid value: {"matchLabels":{"batch.kubernetes.io/controller-uid":"v"}}: `selector` not auto-generated',
        'spec.template.metadata.labels: Invalid value: {"batch.kubernetes.io/controller-uid":"u","batch.kubernetes.io/job-name":"j","controller-uid":"u","job-name":"j"}: `selector` does not match template `labels`',
      ],
    ],
    [
      'must have a well-formed selector',
      {
        labels: { a: 'b' },
        spec: { manualSelector: true, selector: { matchExpressions: [{ key: 'a', operator: 'Is' }] } },
      },
      ['spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator'],
    ],
  ])('%s', (_title, parts, expected) => {
    expect(problemsOf(parts)).toEqual(expected);
  });
});

describe('an update of a suspended Job', () => {
  const nodes = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [] }] } };
  const pods = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone' }] } };
  test.each<[string, JsonObject, JsonObject, boolean]>([
    ['may add a node affinity', {}, { affinity: { nodeAffinity: nodes } }, true],
    ['may remove a node affinity', { affinity: { nodeAffinity: nodes } }, {}, true],
    ['may change a node affinity', { affinity: pods }, { affinity: { ...pods, nodeAffinity: nodes } }, true],
    ['may add an empty affinity', {}, { affinity: {} }, true],
    ['may not add a pod affinity', {}, { affinity: pods }, false],
    ['may not remove a pod affinity', { affinity: pods }, { affinity: { nodeAffinity: nodes } }, false],
  ])('%s', (_title, pod, change, isAccepted) => {
    const old = newJob({ spec: { suspend: true }, pod });
    const next = newJob({ spec: { suspend: true }, pod: change });
    const problems = new Problems();
    jobStrategy.validateUpdate?.(next, old, problems, context);
    const refused = problems.some(
      ({ field, message }) => field === 'spec.template.spec' && message.includes(IMMUTABLE),
    );
    expect(refused).toBe(!isAccepted);
  });
});

describe('an update of a Job', () => {
  const elastic = { completionMode: 'Indexed', completions: 2, parallelism: 2 };
  test.each<[string, JsonObject, JsonObject, string[]]>([
    [
      'may change the completions of an indexed Job together with its parallelism',
      elastic,
      { completions: 3, parallelism: 3 },
      [],
    ],
    [
      'may not change the completions of an indexed Job without its parallelism',
      elastic,
      { completions: 3 },
      ['spec.completions: Invalid value: 3: can only be modified in tandem with spec.parallelism'],
    ],
    [
      'may not change the completions of any other Job',
      { completions: 2 },
      { completions: 3 },
      [`spec.completions: Invalid value: 3: ${IMMUTABLE}`],
    ],
    [
      'may not change managedBy',
      { managedBy: 'a.b/c' },
      { managedBy: 'a.b/d' },
      [`spec.managedBy: Invalid value: "a.b/d": ${IMMUTABLE}`],
    ],
    [
      'may not change the success policy',
      { ...elastic, successPolicy: { rules: [{ succeededCount: 1 }] } },
      { successPolicy: { rules: [{ succeededCount: 2 }] } },
      [`spec.successPolicy: Invalid value: {"rules":[{"succeededCount":2}]}: ${IMMUTABLE}`],
    ],
  ])('%s', (_title, spec, change, expected) => {
    const old = newJob({ spec });
    const next = { ...old, spec: { ...old.spec, ...change } };
    expect(texts((problems) => jobStrategy.validateUpdate?.(next, old, problems, context))).toEqual(expected);
  });
});
