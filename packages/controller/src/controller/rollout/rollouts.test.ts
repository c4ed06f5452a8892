import { expect, test } from 'vitest';
import { possibleBases } from './rollouts.ts';

const CONDITIONS = { propagateWhen: ['${app.ready()}'] };
const DONE = { 'typekro.dev/propagated': 'done' };
const CANARY = { 'typekro.dev/rollout': '2' };

/** Revisions 1, 2, 3, …: the spec and the annotations of each. */
const revisions = (all: readonly (readonly [spec: object, annotations?: Record<string, string>])[]) =>
  all.map(([spec, annotations = {}], index) => ({
    number: index + 1,
    spec: { ...spec },
    object: { apiVersion: 'internal.kro.run/v1alpha1', kind: 'GraphRevision', metadata: { annotations } },
  }));

test.each([
  ['none for the first revision', [[CONDITIONS]], []],
  ['revisions without conditions, newest first', [[{}], [{}], [{}]], [2, 1]],
  ['a revision that went to all instances', [[{}], [CONDITIONS, DONE], [{}]], [2, 1]],
  ['a held-back revision comes after one that went to all instances', [[{}], [CONDITIONS], [CONDITIONS]], [1, 2]],
  ['held-back revisions last, the others newest first', [[{}], [CONDITIONS, DONE], [CONDITIONS], [{}]], [2, 1, 3]],
  [
    'the first revision comes first when no revision is marked as done',
    [[CONDITIONS], [CONDITIONS], [CONDITIONS]],
    [1, 2],
  ],
  ['an empty list of conditions counts as none', [[{}], [{ propagateWhen: [] }], [{}]], [2, 1]],
  ['not the revision of an open canary', [[{}], [{}, CANARY], [{}]], [1]],
  ['not an open canary, although marked as done', [[CONDITIONS], [CONDITIONS, { ...CANARY, ...DONE }], [{}]], [1]],
  ['a complete canary', [[{}], [{}, { 'typekro.dev/rollout': 'done' }], [{}]], [2, 1]],
] as const)('possibleBases returns the revisions with which instances can stay: %s', (_title, all, bases) => {
  expect(possibleBases(revisions(all), all.length).map(({ number }) => number)).toEqual(bases);
});
