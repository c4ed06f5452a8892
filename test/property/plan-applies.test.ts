import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { isOfController } from '../../packages/app/src/plan/value-lines.ts';
import type { InstancePlan, ObjectPlan, Plan } from '@typekro/controller/inspect';
import type { JsonObject, JsonValue, KubeObject, ObjectRef } from '@typekro/kit/core';
import { objectName, parseJson, refOf } from '@typekro/kit/core';
import { changedValues } from '@typekro/sdk/deploy';
import { keys } from '@typekro/engine/runtime';
import { storyRandom } from '../../packages/testing/src/simulation/sim-clock.ts';
import { numbersOf } from '@typekro/kit/test-support/budget';
import { type PlanWorld, planWorld } from '@typekro/cli/test-support/plan-world';
import type { Random } from '../support/planned-graphs.ts';
import { changedNodes, generatedNodes, lidDefinition, pick, sharedSettings } from '../support/planned-graphs.ts';
import { pot, potDefinition, potRef, potsRef } from '@typekro/testing/test-support/virtual-world';

/**
 * The world of all cases. A case saves the plan of a generated change, applies the saved file, and compares the cluster
 * with the plan.
 */
let place: PlanWorld;
beforeAll(async () => {
  place = await planWorld();
  await place.world.apply(sharedSettings, lidDefinition);
  await place.world.advance(3000);
});
afterAll(() => place.close());

/** The names of the instances in the current case. */
let names: string[] = [];
afterEach(() => cleanUp(names.splice(0)));

/**
 * The effect on one object: `created`, `deleted`, `replaced`, or the new values of its changed fields, keyed by path.
 */
type Effect = 'created' | 'deleted' | 'replaced' | JsonObject;
type Effects = Readonly<Record<string, Effect>>;

const KINDS: readonly { readonly apiVersion: string; readonly kind: string }[] = [
  { apiVersion: 'v1', kind: 'ConfigMap' },
  { apiVersion: 'v1', kind: 'Secret' },
  { apiVersion: 'v1', kind: 'Service' },
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' },
  { apiVersion: 'acme.test/v1', kind: 'Lid' },
];

/** The objects whose names contain this text, those of nested instances included, keyed by kind and name. */
async function stateOf(text: string): Promise<Map<string, KubeObject>> {
  const lists = await Promise.all(KINDS.map((type) => place.world.user.list(type, {})));
  const own = lists.flatMap(({ items }, index) =>
    items
      .filter(({ metadata }) => metadata.name?.includes(text) === true)
      .map((item) => ({ ...item, ...KINDS[index] })),
  );
  return new Map(own.map((object) => [objectName(refOf(object as KubeObject)), object as KubeObject]));
}

/** Plans mask the values of Secrets. Therefore only the paths of these values are compared. */
const shown = (name: string, value: JsonValue | undefined): JsonValue =>
  name.startsWith('Secret ') ? 'masked' : (value ?? null);

function happened(before: ReadonlyMap<string, KubeObject>, after: ReadonlyMap<string, KubeObject>): Effects {
  const effects: Record<string, Effect> = {};
  for (const [name, object] of after) {
    const former = before.get(name);
    if (former === undefined) effects[name] = 'created';
    else if (former.metadata.uid !== object.metadata.uid) effects[name] = 'replaced';
    else {
      const changes = changedValues(former, object).filter(({ path }) => !isOfController(path));
      if (changes.length > 0) {
        effects[name] = Object.fromEntries(changes.map(({ path, to }) => [path, shown(name, to)]));
      }
    }
  }
  for (const name of before.keys()) if (!after.has(name)) effects[name] = 'deleted';
  return effects;
}

/** The part of a plan that is carried out immediately. */
type Reached = Pick<InstancePlan, 'writes' | 'recreated' | 'rollout' | 'after'>;

/** The effects that a plan predicts for an instance, under the assumption that no further node becomes ready. */
function predictedEffects({ writes, recreated = [], rollout, after: nodes }: Reached): Effects {
  if (nodes !== undefined) return {};
  return Object.fromEntries([
    ...writes
      .filter(({ after = [], action, refusal }) => after.length === 0 && action !== 'labels' && refusal === undefined)
      .map((write) => [objectName(write.object), effectOf(write)] as const),
    ...(rollout === 'later' ? [] : recreated.map((object) => [objectName(object), 'replaced'] as const)),
  ]);
}

/**
 * Handles the objects that the plan recreates after the end of a canary. If such an object was deleted or replaced
 * already, the predicted effect replaces the observed one. Without a predicted effect, the object is left out.
 */
function withoutCanaryEnd(effects: Effects, predicted: Effects, instances: readonly InstancePlan[]): Effects {
  const late = instances.filter(({ rollout }) => rollout === 'later').flatMap(({ recreated = [] }) => recreated);
  const possible = new Set(late.map((object) => objectName(object)));
  return Object.fromEntries(
    Object.entries(effects).flatMap(([name, effect]) => {
      if (!possible.has(name) || (effect !== 'replaced' && effect !== 'deleted')) return [[name, effect]];
      const planned = predicted[name];
      return planned === undefined ? [] : [[name, planned]];
    }),
  );
}

/**
 * Counts a deletion as a replacement if the plan recreates the object. In the cluster, the object stays deleted as long
 * as its node waits.
 */
const recreatedLater = (effects: Effects, predicted: Effects): Effects =>
  Object.fromEntries(
    Object.entries(effects).map(([name, effect]) => [
      name,
      effect === 'deleted' && predicted[name] === 'replaced' ? 'replaced' : effect,
    ]),
  );

function effectOf({ action, fields, object }: ObjectPlan): Effect {
  switch (action) {
    case 'create':
      return 'created';
    case 'prune':
    case 'delete':
      return 'deleted';
    case 'replace':
      return 'replaced';
    default:
      return Object.fromEntries(fields.map(({ path, to }) => [path, shown(objectName(object), to)]));
  }
}

/** Masks the values that come from a Secret, because the plan masks them. */
const masked = (effects: Effects, predicted: Effects): Effects =>
  Object.fromEntries(
    Object.entries(effects).map(([name, effect]) => {
      const shownAs = Object.hasOwn(predicted, name) ? predicted[name] : undefined;
      if (typeof effect === 'string' || typeof shownAs !== 'object') return [name, effect];
      const values = Object.entries(effect).map(([path, value]) => [path, shownAs[path] === MASK ? MASK : value]);
      return [name, Object.fromEntries(values)];
    }),
  );

const MASK = '(secret)';

type Change = 'definition' | 'definition and instances' | 'instances' | 'deletion' | 'deletion of all' | 'breaking';

/** A definition whose spec also has the field `size`, which no node reads. */
function definitionOf(nodes: JsonObject[], annotations: Record<string, string>, size = 'integer'): KubeObject {
  const made = potDefinition(nodes, annotations);
  const schema = made.spec?.['schema'] as JsonObject;
  const fields = { ...(schema['spec'] as JsonObject), size };
  return { ...made, spec: { ...made.spec, schema: { ...schema, spec: fields } } };
}

const seenKinds = new Set<string>();
const cases = numbersOf('plannedChanges');

test.each(cases)('change %i: the apply of a saved plan does exactly what the plan predicts', async (seed) => {
  const random = storyRandom(seed + 1);
  const { world, cwd, save, run } = place;
  const prefix = `pot${seed}x`;
  const nodes = generatedNodes(random);
  const canary: Record<string, string> = random() < 0.35 ? { 'typekro.dev/canary': '1' } : {};
  const change = pick<Change>(random, [
    'definition',
    'definition and instances',
    'definition and instances',
    'instances',
    'deletion',
    'deletion of all',
    'breaking',
  ]);
  await world.apply(definitionOf(nodes, canary));
  const count = canary['typekro.dev/canary'] === undefined ? 1 + Math.floor(random() * 3) : 3;
  names = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  await world.advance(3000);
  const issued = (await world.user.get(potsRef)).status?.['lastIssuedRevision'];
  const instances = names.map((name) => pot(name, specOf(random), annotationsOf(random, Number(issued))));
  await world.apply(...instances);
  await world.advance(3000);

  const next = definitionOf(changedNodes(random, nodes), canary, change === 'breaking' ? 'string' : 'integer');
  const changed = instances.map((each) => ({ ...each, spec: specOf(random) }));
  const files = filesOf(change, next, changed);
  const file = await save(change.startsWith('deletion') ? 'plan FILE --delete' : 'plan FILE', ...files);
  const { plan } = parseJson(readFileSync(join(cwd, file), 'utf8')) as unknown as { readonly plan: Plan };
  const moved = change === 'breaking' || random() < 0.8 ? undefined : await move(random, plan);
  const before = await stateOf(prefix);
  const { code, err } = await run(`apply ${file}`);
  await world.advance(5000);
  const after = await stateOf(prefix);

  seenKinds.add(change);
  for (const { state, because = '', rollout } of plan.instances) {
    seenKinds.add(because.startsWith('it is ') ? because.replace(/ \d+$/, '') : state);
    if (rollout !== undefined) seenKinds.add(`canary ${rollout}`);
  }
  if (moved !== undefined) {
    seenKinds.add('moved');
    expect(code).toBe(1);
    expect(err).toContain(`error: the cluster has changed since the plan: ${moved}`);
    expect(happened(before, after)).toEqual({});
  } else if (change === 'breaking') {
    expect(code).toBe(1);
    expect(err).toContain('error: the definition pots cannot be applied: ');
    expect(happened(before, after)).toEqual({});
  } else {
    expect(`${code} ${err}`).toMatch(/^0 (?!.*^error:)/ms);
    const gets = await reached(plan);
    const predicted: Effects = Object.assign({}, ...gets.map(predictedEffects));
    const effects = withoutCanaryEnd(happened(before, after), predicted, plan.instances);
    expect(masked(recreatedLater(effects, predicted), predicted)).toEqual(predicted);
  }
});

test('the generated changes are of all kinds', () => {
  expect([...seenKinds]).toEqual(
    expect.arrayContaining([
      'definition',
      'definition and instances',
      'instances',
      'deletion',
      'deletion of all',
      'breaking',
      'changed',
      'unchanged',
      'it is pinned to revision',
      'it is suspended',
      'moved',
      'canary first',
    ]),
  );
});

const specOf = (random: Random): JsonObject => ({ text: pick(random, ['x', 'y']), count: Math.floor(random() * 4) });

function annotationsOf(random: Random, revision: number): Record<string, string> {
  const chance = random();
  if (chance < 0.15) return { 'typekro.dev/revision': String(revision) };
  return chance < 0.25 ? { [keys.RECONCILE_ANNOTATION]: 'suspended' } : {};
}

function filesOf(change: Change, definition: KubeObject, instances: readonly KubeObject[]): KubeObject[] {
  switch (change) {
    case 'definition':
    case 'breaking':
      return [definition];
    case 'instances':
    case 'deletion':
      return [...instances];
    case 'definition and instances':
    case 'deletion of all':
      return [definition, ...instances];
  }
}

/**
 * Acts as another client: changes a ConfigMap that the plan changes, or the labels of an instance of the plan. Returns
 * the sentence of the refusal about this change, or `undefined` if the plan has no existing instance.
 */
async function move(random: Random, { instances }: Plan): Promise<string | undefined> {
  const maps = instances
    .flatMap(({ writes }) => writes)
    .filter(({ object, action }) => object.kind === 'ConfigMap' && action !== 'create' && action !== 'labels');
  const target: ObjectRef | undefined = maps.length > 0 && random() < 0.5 ? pick(random, maps).object : undefined;
  // The client adds a new field, which the controller keeps. The controller would revert a change of one of its own
  // fields.
  if (target !== undefined) {
    await place.world.user.patch(target, { data: { other: 'edited' } }, { fieldManager: 'kubectl-edit' });
    await place.world.settle();
    return `${objectName(target)} was changed`;
  }
  const found = await Promise.all(instances.map(({ instance }) => place.world.user.find(instance)));
  // A nested instance that the plan creates does not exist yet.
  const live = instances.filter((_, index) => found[index] !== undefined);
  if (live.length === 0) return undefined;
  const { instance } = pick(random, live);
  await place.world.user.patch(instance, { metadata: { labels: { tier: 'other' } } });
  await place.world.settle();
  return `${objectName(instance)} was changed`;
}

/**
 * The part of the plan that is carried out immediately. The instances outside the canary get the revision when all
 * members of the canary are ready. Until then, the controller makes only the writes of their current revision.
 */
async function reached({ instances }: Plan): Promise<readonly Reached[]> {
  const first = instances.filter(({ rollout }) => rollout === 'first');
  const live = await Promise.all(first.map(({ instance }) => place.world.user.find(instance)));
  const areReady = live.every((found) => found?.status?.['state'] === 'ACTIVE');
  if (areReady) return instances;
  return instances.flatMap((plan) => (plan.rollout !== 'later' ? [plan] : (plan.meanwhile ?? [])));
}

async function cleanUp(names: readonly string[]): Promise<void> {
  const { user } = place.world;
  const annotations = { [keys.RECONCILE_ANNOTATION]: null, 'typekro.dev/revision': null };
  for (const name of names) {
    if ((await user.find(potRef(name))) === undefined) continue;
    await user.patch(potRef(name), { metadata: { annotations } });
    await user.delete(potRef(name));
  }
  await place.world.advance(3000);
}
