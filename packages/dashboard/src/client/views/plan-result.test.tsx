/** @jsxImportSource preact */
import { textOf } from '../../../test-support/rendered-text.ts';
import { renderToString } from 'preact-render-to-string';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { Plan } from '@typekro/controller/inspect';

// The choice of colours is read when its module is loaded.
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => {} });
vi.stubGlobal('location', { hash: '' });
const { InstanceChanges, PlanResult } = await import('./plan-result.tsx');

afterAll(() => {
  vi.unstubAllGlobals();
});

const object = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', namespace: 'b' };

describe('a plan', () => {
  const summary = {
    create: 0,
    adopt: 0,
    change: 0,
    replace: 0,
    prune: 0,
    delete: 0,
    orphan: 0,
    labels: 0,
    later: 0,
    refused: 0,
  };
  const plan = (more: Partial<Plan>): Plan =>
    ({
      schemaVersion: 1,
      operation: 'apply',
      source: { kind: 'cluster', name: 'test', readAt: '2026-01-01T00:00:00Z' },
      definitions: [],
      objects: [],
      instances: [],
      limits: [],
      summary,
      ...more,
    }) as Plan;

  test('breaking changes come first', () => {
    const line = (field: string, breaking: boolean) => ({
      change: 'changed' as const,
      field,
      description: `${field} changes`,
      breaking,
      setBy: [],
    });
    const definition = {
      name: 'shop',
      kind: 'Shop',
      place: 'a.yaml:1',
      action: 'change',
      revision: { from: 1, to: 2 },
      schema: [line('spec.small', false), line('spec.large', true)],
      nodes: [],
      other: [],
      notes: [],
    } as unknown as Plan['definitions'][0];
    const text = textOf(<PlanResult plan={plan({ definitions: [definition] })} />);
    expect(text.indexOf('spec.large')).toBeGreaterThan(-1);
    expect(text.indexOf('spec.large')).toBeLessThan(text.indexOf('spec.small'));
    expect(text).toContain('breaking');
  });

  test('an instance lists the removed objects and their reasons first; its writes have the same notes as in the command', () => {
    const write = (name: string, action: string, more: object = {}) => ({
      node: name,
      object: { ...object, name },
      action,
      fields: [],
      checked: 'server',
      wave: 1,
      ...more,
    });
    const instance = {
      instance: { apiVersion: 'a/v1', kind: 'Shop', namespace: 'b', name: 'web' },
      definition: 'shop',
      state: 'changed',
      action: 'none',
      fields: [],
      rollout: 'later',
      meanwhile: { writes: [write('now', 'restore')], later: [], blocked: [] },
      recreated: [{ ...object, name: 'again' }],
      writes: [
        write('kept', 'change', { after: ['now'] }),
        write('old', 'prune', { checked: 'none', finalizers: ['example.com/f'] }),
        write('new', 'create', { checked: 'none' }),
      ],
      later: [],
      blocked: [],
    } as unknown as Plan['instances'][0];
    expect(textOf(<PlanResult plan={plan({ instances: [instance] })} />)).toMatch(
      /Shop b\/web changed 1 replaced 1 removed 1 put back 1 changed 1 created$/,
    );
    const text = textOf(<InstanceChanges plan={instance} />);
    expect(text).toMatch(/^At once, with its present revision/);
    expect(text).toContain('now; puts back what another client changed After the canary');
    expect(text).toContain('kept; after now is ready');
    expect(text).toContain('old; no node wants it any more; stays until its finalizers are removed: example.com/f');
    expect(text).toContain('new; not checked');
    expect(text).toContain('again is deleted and created again if the canary ends');
  });

  test('the page shows a plan of many instances with few elements, and counts the entries that it does not show', () => {
    const fields = Array.from({ length: 60 }, (_, index) => ({ path: `data.k${index}`, to: index }));
    const writes = Array.from({ length: 300 }, (_, index) => ({
      node: 'maps',
      action: 'change',
      checked: 'server',
      wave: 1,
      object: { ...object, name: `m${index}` },
      fields: index === 0 ? fields : [],
    }));
    const instances = Array.from({ length: 250 }, (_, index) => ({
      definition: 'shop',
      action: 'none',
      fields: [],
      writes,
      later: [],
      blocked: [],
      instance: { apiVersion: 'a/v1', kind: 'Shop', namespace: 'b', name: `web-${index}` },
      state: index < 100 ? 'blocked' : 'changed',
    })) as unknown as Plan['instances'];
    const whole = <PlanResult plan={plan({ instances, objects: writes as unknown as Plan['objects'] })} />;
    expect(textOf(whole)).toMatch(/100 more objects are not shown\./);
    expect(textOf(whole)).toMatch(/50 more changed instances not shown\.$/);
    expect(renderToString(whole).match(/<details[^>]* open/g)).toHaveLength(5);
    expect(renderToString(whole).match(/<li/g)?.length).toBeLessThan(1100);
    const [first] = instances;
    if (first === undefined) throw new Error('the plan has no instance');
    const part = textOf(<InstanceChanges plan={first} />);
    expect(part).toContain('200 more writes are not shown.');
    expect(part).toContain('10 more fields are not shown.');
  });

  test.each([
    [{ path: 'a.b', from: 1, to: 2 }, 'a.b 1 → 2'],
    [{ path: 'a.b', from: 1 }, 'a.b removed 1'],
    [{ path: 'a.b', to: 2 }, 'a.b added 2'],
    [{ path: 'a.b', from: '(secret)', secret: true, immutable: true }, 'a.b removed (secret) immutable'],
  ] as const)('the change %j is shown as "%s"', (field, text) => {
    const write = { node: '', object, action: 'change', fields: [field], checked: 'server', wave: 1 } as const;
    expect(textOf(<PlanResult plan={plan({ objects: [write] })} />)).toContain(text);
  });

  test('a refused definition counts as refused, and not as a plan without writes', () => {
    const definition = { name: 'shop', refusal: 'no', schema: [], nodes: [], other: [], notes: [], revision: {} };
    const definitions = [definition] as unknown as Plan['definitions'];
    expect(textOf(<PlanResult plan={plan({ definitions })} />)).toMatch(/^1 refused/);
    expect(textOf(<PlanResult plan={plan({})} />)).toMatch(/^0 writes/);
  });

  test('the page says what could not be read', () => {
    expect(textOf(<PlanResult plan={plan({ limits: ['Secrets may not be read.'] })} />)).toContain(
      'Secrets may not be read.',
    );
  });
});
