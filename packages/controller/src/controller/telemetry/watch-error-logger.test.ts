import { expect, test } from 'vitest';
import { KubeError } from '@typekro/kube';
import { WatchErrorLogger } from './watch-error-logger.ts';

const type = {
  group: 'kro.run',
  version: 'v1alpha1',
  kind: 'R',
  plural: 'resourcegraphdefinitions',
  namespaced: false,
};

test('an unreadable kind is logged once for each reason except a lost connection and the status 401, and once when it is readable again', () => {
  const entries: unknown[] = [];
  const watchErrors = new WatchErrorLogger({ log: (level, message, fields) => entries.push([level, message, fields]) });
  const refusal =
    'User "kro" cannot list resource "resourcegraphdefinitions" in API group "kro.run" at the cluster scope';
  const forbidden = new KubeError(refusal, { status: 403, reason: 'Forbidden' });
  for (const error of [
    undefined,
    new KubeError('connect ECONNREFUSED', { status: 0, reason: 'Transport' }),
    new KubeError('Unauthorized', { status: 401, reason: 'Unauthorized' }),
    forbidden,
    forbidden,
    new KubeError('out of order', { status: 500, reason: 'InternalError' }),
    undefined,
    undefined,
  ]) {
    watchErrors.handleState(type, error);
  }
  const kind = 'resourcegraphdefinitions.kro.run';
  const rule = '{apiGroups: ["kro.run"], resources: ["resourcegraphdefinitions"], verbs: ["list", "watch"]}';
  expect(entries).toEqual([
    [
      'warn',
      'the controller cannot read a kind that it requires',
      { kind, error: `${refusal} (missing permission; add the rule ${rule})` },
    ],
    ['warn', 'the controller cannot read a kind that it requires', { kind, error: 'out of order' }],
    ['info', 'the controller can read this kind again', { kind }],
  ]);
});
