/** @jsxImportSource preact */
import { afterAll, describe, expect, test, vi } from 'vitest';
import { textOf } from '../../../test-support/rendered-text.ts';
import type { CurrentValue, InstanceNode } from '@typekro/controller/inspect';

// `theme.ts` reads `localStorage` when it is loaded.
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => {} });
vi.stubGlobal('location', { hash: '' });
const { StepTable } = await import('./step-table.tsx');
const { StepValues } = await import('./step-values.tsx');

afterAll(() => {
  vi.unstubAllGlobals();
});

const nothing = (): void => {};
const node = (id: string, state: InstanceNode['state'], more: Partial<InstanceNode> = {}): InstanceNode => ({
  id,
  state,
  reason: `${id} has a reason`,
  waitsFor: [],
  objects: [],
  counts: { unknown: 0, absent: 0, present: 0, deleting: 0, failed: 0 },
  ...more,
});

test('the table of the playground has a column for each step', () => {
  const step = (title: string, state: InstanceNode['state']) => ({
    title,
    state: 'IN_PROGRESS' as const,
    nodes: [node('web', state)],
    edges: [],
    objects: [],
    status: {},
    values: [],
  });
  const text = textOf(
    <StepTable
      steps={[step('Nothing exists', 'applying'), step('Creates Pod web', 'ready')]}
      selected={1}
      onSelect={nothing}
    />,
  );
  expect(text).toBe('In progress Step 2 of 2: Creates Pod web Node 1 2 web applying ready');
});

describe('the values of a step of the playground', () => {
  const expression = (place: string, type: string, value: CurrentValue) => ({
    purpose: 'field' as const,
    place,
    expression: `schema.${place}`,
    type,
    value,
  });
  const step = {
    title: 'Nothing exists',
    state: 'IN_PROGRESS' as const,
    nodes: [node('web', 'ready'), node('plain', 'ready')],
    edges: [],
    objects: [],
    status: {},
    values: [
      { node: 'web', expressions: [expression('spec.replicas', 'int', { is: 'known', value: 3 })] },
      { node: 'status', expressions: [expression('url', 'string', { is: 'unknown', message: 'web does not exist' })] },
    ],
  };

  test.each<[string | undefined, string]>([
    ['web', 'spec.replicas int schema.spec.replicas 3'],
    ['status', 'url string schema.url web does not exist'],
    ['plain', 'spec.replicas int schema.spec.replicas 3'],
    [undefined, 'spec.replicas int schema.spec.replicas 3'],
  ])(
    'with %s selected, its expressions are shown, or those of the first node when it has none: %s',
    (selected, text) => {
      const shown = textOf(<StepValues step={step} node={selected} onNode={nothing} />);
      expect(shown).toBe(`Expressions of web the status ${text}`);
    },
  );

  test('the view says that a graph has no expressions', () => {
    const shown = textOf(<StepValues step={{ ...step, values: [] }} node="web" onNode={nothing} />);
    expect(shown).toBe('The graph has no expressions.');
  });
});
