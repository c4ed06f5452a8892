import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../core/index.ts';
import { compile } from '../../graph/index.ts';
import { builtinSource } from '../../schema/index.ts';
import type { GraphTestBase } from '../graph-test/graph-world.ts';
import type { Expectation, GraphTest } from '../graph-test/model.ts';
import { prepareTests } from '../graph-test/prepare.ts';
import { expectationFinding, finalExpectation, isGenerated } from './final-expectation.ts';
import { playLife } from './play-life.ts';

describe('the final expectation of a test', () => {
  test.each<[what: string, test: Omit<GraphTest, 'name'>, expected: ReturnType<typeof finalExpectation>]>([
    ['nothing', {}, undefined],
    [
      'only expectations about the process, not about the final state',
      { expect: { created: ['a'], written: [], events: ['x'] } },
      undefined,
    ],
    ['the creation', { expect: { state: 'ACTIVE' } }, { at: ['expect'], expect: { state: 'ACTIVE' } }],
    [
      'the last step with an expectation',
      { expect: { state: 'ERROR' }, steps: [{ expect: { gone: false, deleted: ['a'] } }, { restart: true }] },
      { at: ['steps', 0, 'expect'], expect: { gone: false } },
    ],
    [
      'children, reduced to presence and status',
      {
        expect: {
          children: {
            a: 'absent',
            b: { 'spec.replicas': 2 },
            c: { 'status.readyReplicas': 2, 'metadata.name': 'c' },
            d: [{ data: { a: 'b' } }, { status: { on: true } }],
          },
        },
      },
      {
        at: ['expect'],
        expect: {
          children: { a: 'absent', b: 'present', c: { 'status.readyReplicas': 2 }, d: [{}, { status: { on: true } }] },
        },
      },
    ],
  ])('comes from the parts of its expectations that describe a final state: %s', (_what, given, expected) => {
    expect(finalExpectation({ name: 'one', ...given })).toEqual(expected);
  });

  test.each([
    ['http://10.96.0.7', true],
    ['2026-11-01T00:00:00Z', true],
    ['4f9c2c5e-0c57-4a3b-8f5e-1e2d3c4b5a69', true],
    ['1.2.3', false],
    ['ACTIVE', false],
  ])('the value %s is generated: %s', (expected, isSo) => {
    expect(isGenerated({ at: [], subject: 'status.url', expected, received: undefined })).toBe(isSo);
  });

  test('a value that comes from a Secret is not shown', () => {
    const mismatch = { at: ['expect', 'status', 'key'], subject: 'status.key', expected: 'abc', received: 'def' };
    expect(expectationFinding(mismatch, () => true)).toEqual({
      invariant: 'expectation',
      expected: 'status.key (secret), as expect.status.key of the test says',
      received: '(secret)',
    });
    expect(expectationFinding(mismatch, () => false)).toMatchObject({
      expected: 'status.key abc, as expect.status.key of the test says',
      received: 'def',
    });
  });
});

const DEFINITION = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'lamps' },
  spec: {
    schema: {
      apiVersion: 'v1',
      kind: 'Lamp',
      spec: { text: 'string | default="a"' },
      status: { on: '${lamp.data.on}' },
    },
    resources: [
      {
        id: 'lamp',
        template: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'lamp' },
          data: { on: '${schema.spec.text}' },
        },
      },
    ],
  },
} satisfies KubeObject;

async function baseOf(): Promise<GraphTestBase> {
  const { graph } = compile(DEFINITION, { sources: builtinSource(), target: 'typekro' });
  if (graph === undefined) throw new Error('the definition does not compile');
  return prepareTests({ graph, definitions: [DEFINITION], crds: [] });
}

test.each<[what: string, faultless: Expectation, life: Expectation, found: string[]]>([
  ['is met', { state: 'ACTIVE', nodes: { lamp: 'ready' } }, { state: 'ACTIVE', nodes: { lamp: 'ready' } }, []],
  ['is not met even without faults', { state: 'ERROR' }, { state: 'ERROR' }, []],
  [
    'is not met after the faults',
    { state: 'ACTIVE' },
    { state: 'ERROR', only: ['lamp'], children: { lamp: 'absent' } },
    ['lamp absent, as expect.children.lamp of the test says', 'status.state ERROR, as expect.state of the test says'],
  ],
])(
  'an expectation is reported if only the faults break it: it %s',
  async (_what, faultlessExpects, lifeExpects, found) => {
    const base = await baseOf();
    const faultless = await playLife({ base, test: { name: 'one', expect: faultlessExpects } });
    expect(faultless.findings).toEqual([]);
    // Here the run without faults and the run with faults have different expectations, so that the second expectation is
    // not met although the graph is correct.
    const { findings } = await playLife({ base, test: { name: 'one', expect: lifeExpects }, seed: 3, faultless });
    expect(findings.map(({ invariant, expected }) => [invariant, expected])).toEqual(
      found.map((text) => ['expectation', text]),
    );
  },
);
