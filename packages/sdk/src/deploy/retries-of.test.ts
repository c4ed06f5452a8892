import { expect, test } from 'vitest';
import type { RetryPolicy } from '../compose/index.ts';
import { writeRulesOf } from './retries-of.ts';

test.each<[string, RetryPolicy, object]>([
  ['no options', {}, { backoff: { initialMs: 100, maxMs: 5000, factor: 2 }, silentRetries: 4 }],
  ['longer pauses', { initialDelay: 500, maxDelay: 9000 }, { backoff: { initialMs: 500, maxMs: 9000, factor: 2 } }],
  ['no pause at all', { initialDelay: 0, maxDelay: 0 }, { backoff: { initialMs: 100, maxMs: 100, factor: 2 } }],
  ['pauses that shrink', { backoffMultiplier: 0.5 }, { backoff: { factor: 1 } }],
  ['no retries', { maxRetries: 0 }, { silentRetries: 0 }],
])(
  'a policy with %s yields write rules whose pauses never become shorter and whose lasting failures are final',
  (_name, policy, rules) => {
    expect(writeRulesOf(policy)).toMatchObject({ ...rules, lasting: 'final' });
  },
);
