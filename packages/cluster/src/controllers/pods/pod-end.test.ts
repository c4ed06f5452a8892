import fc from 'fast-check';
import { expect, test } from 'vitest';
import { endedOutcome, remainingLife } from './pod-end.ts';

const START = Date.parse('2026-01-01T12:00:00Z');
const seconds = fc.integer({ min: 0, max: 40 });

test('containers that need time to stop end by themselves within the grace period, and are killed at its end', () => {
  fc.assert(
    fc.property(
      seconds,
      seconds,
      fc.integer({ min: 0, max: 999 }),
      fc.integer({ min: 0, max: 50_000 }),
      (grace, stop, fraction, passed) => {
        const metadata = { name: 'p', deletionTimestamp: new Date(START + grace * 1000).toISOString() };
        const pod = { apiVersion: 'v1', kind: 'Pod', metadata, status: { phase: 'Running' } };
        const since = START + fraction;
        const life = remainingLife(pod, stop, since, since + passed);
        const left = Math.max(0, Math.min(grace, stop) * 1000 - passed);
        expect(life).toEqual({ leftMs: left, isKilled: stop > grace });
        const exitCode = stop > grace ? 137 : 143;
        expect(endedOutcome(pod, life.isKilled)).toEqual({ state: 'failed', reason: 'Error', exitCode });
        const waiting = { ...pod, status: { phase: 'Pending' } };
        expect(remainingLife(waiting, stop, since, since + passed)).toEqual({ leftMs: 0, isKilled: false });
        expect(endedOutcome(waiting, false)).toMatchObject({ reason: 'ContainerStatusUnknown', exitCode: 137 });
      },
    ),
    { examples: [[30, 30, 0, 0]] },
  );
});
