import type { JsonObject, KubeObject } from '../../src/core/index.ts';
import { jsonEquals } from '../../src/core/index.ts';
import type { KubeClient } from '../../src/kube/index.ts';

const KINDS = [
  { apiVersion: 'v1', kind: 'ConfigMap' },
  { apiVersion: 'v1', kind: 'LimitRange' },
  { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },
  { apiVersion: 'sim.test/v1', kind: 'Rig' },
  { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' },
  { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
];

const REVISIONS = { apiVersion: 'internal.kro.run/v1alpha1', kind: 'GraphRevision' };

/** Times, versions and UIDs, and texts that hold them; what users add to children that may be made again. */
const VOLATILE = new Set([
  'uid',
  'resourceVersion',
  'managedFields',
  'creationTimestamp',
  'lastTransitionTime',
  'generation',
  'observedGeneration',
  'lastIssuedRevision',
  'message',
  'kro.run/resource-graph-definition-id',
  'kro.run/instance-id',
]);

/** Everything that matters, without times, versions and UIDs. */
export async function endState(admin: KubeClient): Promise<KubeObject[]> {
  const found: KubeObject[] = [];
  for (const type of KINDS) {
    const { items } = await admin.list(type);
    for (const object of items) if (object.metadata.name !== 'kube-root-ca.crt') found.push(normalize(object));
  }
  return found;
}

/** What is wrong with a state at rest, whatever led to it. */
export async function restProblems(admin: KubeClient): Promise<string[]> {
  const problems: string[] = [];
  for (const type of KINDS) {
    for (const { kind, metadata } of (await admin.list(type)).items) {
      if (metadata.deletionTimestamp !== undefined)
        problems.push(`deletion never completes: ${kind} ${metadata.name ?? ''}`);
    }
  }
  const { items: definitions } = await admin.list({ apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' });
  const { items } = await admin.list(REVISIONS);
  const sorted = items.toSorted((a, b) => Number(a.spec?.['revision']) - Number(b.spec?.['revision']));
  const newest = sorted.at(-1)?.spec?.['snapshot'] as JsonObject | undefined;
  if (!jsonEquals(newest?.['spec'], definitions[0]?.spec)) {
    problems.push('the newest revision is not the definition as it is');
  }
  if (items.length > 5) problems.push(`${items.length} revisions are left`);
  return problems;
}

function normalize(object: KubeObject): KubeObject {
  const walk = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) {
      const items = value.map((item) => walk(item, ''));
      return key === 'conditions' ? byType(items as JsonObject[]) : items;
    }
    if (typeof value !== 'object' || value === null) return value;
    const result: Record<string, unknown> = {};
    for (const [name, member] of Object.entries(value)) if (!VOLATILE.has(name)) result[name] = walk(member, name);
    return result;
  };
  return walk(object, '') as KubeObject;
}

/** Conditions stand in the order of their transitions, which is a matter of times. */
function byType(conditions: readonly JsonObject[]): JsonObject[] {
  return conditions.toSorted((a, b) => (String(a['type']) < String(b['type']) ? -1 : 1));
}

/** What is missing, different or left over. */
export function differences(expected: readonly KubeObject[], got: readonly KubeObject[]): string[] {
  const key = (object: KubeObject) => `${object.kind} ${object.metadata.name ?? ''}`;
  const wanted = new Map(expected.map((object) => [key(object), object]));
  const found = new Map(got.map((object) => [key(object), object]));
  const problems: string[] = [];
  for (const [name, object] of wanted) {
    const other = found.get(name);
    if (other === undefined) problems.push(`missing at the end: ${name}`);
    else if (!jsonEquals(object as never, other as never)) {
      problems.push(`differs at the end: ${name}${differingPaths(object, other, '')}`);
    }
  }
  for (const name of found.keys()) if (!wanted.has(name)) problems.push(`left over at the end: ${name}`);
  return problems;
}

/** The paths at which two values differ, with both. */
function differingPaths(want: unknown, got: unknown, path: string): string {
  if (jsonEquals(want as never, got as never)) return '';
  if (!isRecord(want) || !isRecord(got))
    return `\n    ${path}: want ${JSON.stringify(want)}, got ${JSON.stringify(got)}`;
  const names = new Set([...Object.keys(want), ...Object.keys(got)]);
  return [...names].map((name) => differingPaths(want[name], got[name], `${path}.${name}`)).join('');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
