import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../core/index.ts';
import type { Decision } from '../runtime/index.ts';
import { lastEvents, logsCommand, tellLeft } from './aftermath.ts';

const event = (about: string, type: string, reason: string, lastTimestamp: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: reason },
  involvedObject: { name: about },
  type,
  reason,
  message: 'told',
  lastTimestamp,
});
const web = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'shop' };

test('events of the object and its pods, warnings and the newest first', () => {
  const events = [
    event('web', 'Normal', 'Scaled', '2026-01-01T00:00:00Z'),
    event('web-5f-x', 'Warning', 'Failed', '2026-01-01T00:00:01Z'),
    event('web-5f-x', 'Warning', 'BackOff', '2026-01-01T00:00:02Z'),
    event('website', 'Warning', 'Other', '2026-01-01T00:00:03Z'),
    event('web-5f-x', 'Normal', 'Pulling', '2026-01-01T00:00:04Z'),
  ];
  expect(lastEvents(events, web)).toEqual([
    'Warning BackOff (web-5f-x): told',
    'Warning Failed (web-5f-x): told',
    'Normal Pulling (web-5f-x): told',
  ]);
});

test('a malformed event is told as far as it goes', () => {
  const broken: KubeObject = { apiVersion: 'v1', kind: 'Event', metadata: {}, involvedObject: { name: 'web' } };
  expect(lastEvents([broken, { ...broken, involvedObject: 3 }], web)).toEqual(['undefined undefined (web): undefined']);
});

test.each([
  [web, 'kubectl logs -n shop deployment/web --all-containers'],
  [{ apiVersion: 'v1', kind: 'Pod', name: 'p' }, 'kubectl logs -n default pod/p --all-containers'],
  [{ apiVersion: 'v1', kind: 'Service', name: 's' }, undefined],
])('the logs command of %o', (ref, expected) => {
  expect(logsCommand(ref)).toBe(expected);
});

describe('what is left', () => {
  const decision = (names: readonly string[]): Decision =>
    ({
      nodes: names.map((name) => ({
        because: { kind: 'ready' },
        objects: [{ object: { ...web, name }, state: 'present' }],
      })),
    }) as unknown as Decision;

  test('names objects and ways on', () => {
    const [objects, ways] = tellLeft(decision(['a', 'b']));
    expect(objects).toContain('shop/a');
    expect(ways).toContain('rollback()');
  });

  test('counts what would make the line long', () => {
    const many = Array.from({ length: 12 }, (_, index) => `n${index}`);
    expect(tellLeft(decision(many))[0]).toMatch(/and 2 more$/);
  });

  test('is nothing when nothing was made', () => {
    expect(tellLeft(decision([]))).toEqual([]);
  });
});
