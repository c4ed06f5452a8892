import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { PodRuleSet } from './pod-rule-set.ts';
import { type PodRules, annotatedRules, ruleProblem } from './pod-rules.ts';

const pod = (annotations: Readonly<Record<string, string>>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'p',
    annotations: Object.fromEntries(
      Object.entries(annotations).map(([name, value]) => [`typekro.dev/simulate-${name}`, value]),
    ),
  },
});

test('every rule can be set by an annotation', () => {
  const annotations = {
    'start-after-seconds': '1.5',
    'ready-after-seconds': '2',
    ready: 'false',
    'run-seconds': '3',
    'stop-seconds': '6.5',
    'exit-code': '4',
    failure: 'OOMKilled',
    crashes: '5',
    log: 'a\nb',
    cpu: '250m',
    memory: '64Mi',
  };
  const rules = {
    startAfterSeconds: 1.5,
    readyAfterSeconds: 2,
    ready: false,
    runSeconds: 3,
    stopSeconds: 6.5,
    exitCode: 4,
    failure: 'OOMKilled',
    crashes: 5,
    log: 'a\nb',
    cpu: '250m',
    memory: '64Mi',
  } satisfies Required<PodRules>;
  expect(annotatedRules(pod(annotations))).toEqual({ rules, problems: [] });
});

test.each([
  ['run-seconds', 'soon', '"soon" is not a number of seconds from 0'],
  ['run-seconds', '-1', '"-1" is not a number of seconds from 0'],
  ['run-seconds', '1e9', '"1e9" is not a number of seconds from 0'],
  ['exit-code', '256', '"256" is not a whole number from 0 to 255'],
  ['exit-code', '1.5', '"1.5" is not a whole number from 0 to 255'],
  ['ready', 'yes', '"yes" is not true or false'],
  ['failure', 'a b', '"a b" is not a reason in the form of Kubernetes'],
  ['crashes', 'many', '"many" is not a whole number from 0 to 1000'],
  ['cpu', 'much', '"much" is not a non-negative quantity, such as 250m'],
  ['memory', '-1Mi', '"-1Mi" is not a non-negative quantity, such as 64Mi'],
  [
    'exit',
    '1',
    'no such annotation exists; use typekro.dev/simulate- and one of cpu, crashes, delay-seconds, exit-code',
  ],
])('the annotation simulate-%s with the value %s is reported, because it has no effect', (name, value, problem) => {
  const { rules, problems } = annotatedRules(pod({ [name]: value }));
  expect(rules).toEqual({});
  expect(problems).toEqual([expect.stringContaining(`typekro.dev/simulate-${name} has no effect: ${problem}`)]);
});

test.each([
  ['one long value', { 'exit-code': 'x'.repeat(200_000) }],
  ['many names', Object.fromEntries(Array.from({ length: 9000 }, (_, index) => [`a${index}`, '']))],
])('the report about %s is short', (_title, annotations) => {
  expect(annotatedRules(pod(annotations)).problems.join('; ').length).toBeLessThan(5000);
});

test('simulation annotations that all objects may have are not reported', () => {
  expect(annotatedRules(pod({ hold: 'true', 'delay-seconds': '3' }))).toEqual({ rules: {}, problems: [] });
});

test.each<[Readonly<Record<string, unknown>>, string | undefined]>([
  [{ exitCode: 3, log: '' }, undefined],
  [{ exitCode: undefined }, undefined],
  [{ exitCode: '3' }, 'exitCode: "3" is not a whole number from 0 to 255'],
  [
    { exit: 3 },
    'exit is not a rule; the rules are cpu, crashes, exitCode, failure, log, memory, ready, readyAfterSeconds, runSeconds, startAfterSeconds, stopSeconds',
  ],
  [
    { toString: 3 },
    'toString is not a rule; the rules are cpu, crashes, exitCode, failure, log, memory, ready, readyAfterSeconds, runSeconds, startAfterSeconds, stopSeconds',
  ],
])('the rules %j that a program sets have the expected problem', (rules, problem) => {
  expect(ruleProblem(rules)).toBe(problem);
});

test('a rule with the value undefined does not override earlier rules and annotations', () => {
  const rules = new PodRuleSet(() => 0, { stopSeconds: 3 });
  rules.simulate({}, { exitCode: 4 });
  rules.simulate({}, { exitCode: undefined, failure: undefined, ready: false } as unknown as PodRules);
  expect(rules.of(pod({ failure: 'OOMKilled' })).rules).toEqual({
    stopSeconds: 3,
    exitCode: 4,
    failure: 'OOMKilled',
    ready: false,
  });
});
