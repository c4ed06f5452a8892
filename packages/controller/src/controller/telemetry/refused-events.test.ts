import { expect, test } from 'vitest';
import { KubeError } from '@typekro/kube';
import { RefusedEvents } from './refused-events.ts';

/** A clock whose wall time is corrected backwards while its monotonic time passes. */
const goingBack = (time: () => number) => ({ now: () => -time(), elapsed: time });

test('a missing permission for events is logged as a warning at most once an hour; all other entries have the level debug', () => {
  let now = 0;
  const entries: string[] = [];
  const refused = new RefusedEvents(
    { log: (level, _message, fields) => entries.push(`${level} ${String(fields?.['error'])}`) },
    goingBack(() => now),
  );
  const forbidden = 'User "kro" cannot create resource "events" in API group "" in the namespace "n"';
  for (const [at, status, message] of [
    [0, 403, 'namespace n is being terminated'],
    [1000, 403, forbidden],
    [2000, 403, forbidden],
    [3_601_000, 403, forbidden],
  ] as const) {
    now = at;
    refused.log(new KubeError(message, { status, reason: 'Forbidden' }));
  }
  const rule = '{apiGroups: [""], resources: ["events"], verbs: ["create", "patch"]}';
  const expectedText = `${forbidden} (missing permission; add the rule ${rule} in namespace n)`;
  expect(entries).toEqual([
    'debug namespace n is being terminated',
    `warn ${expectedText}`,
    `debug ${expectedText}`,
    `warn ${expectedText}`,
  ]);
});
