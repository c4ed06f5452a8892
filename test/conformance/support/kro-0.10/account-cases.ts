import { type JsonObject, isJsonObject } from '@typekro/kit/core';
import { failure } from '@typekro/testing/test-support/intercept-request';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { getGraph, graphCondition, graphObject, graphRef, inWorld, liveMap, mapRef, ofGraphs, putGraph, template } from './case-world.ts';
import type { WordRule } from './words.ts';

const ANY = /./;

/**
 * The first pauses between the passes of a waiting Graph, in seconds. The account has no right to watch, so each pass
 * reads the missing object.
 */
async function pausesOf(world: VirtualWorld, count: number): Promise<number[]> {
  const times: number[] = [];
  world.intercept = (request) => {
    if (!ofGraphs('GET')(request)) return undefined;
    if (!/\/configmaps\/late/.test(request.path)) return failure(403, 'Forbidden', 'no list, no watch');
    // The status write triggers another pass at the same virtual time. That pass does not count.
    if (times.at(-1) !== world.clock.now()) times.push(world.clock.now());
    return undefined;
  };
  const source = { id: 'late', ref: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late' } } };
  await putGraph(world, graphObject([source]), 1000);
  while (times.length <= count && world.clock.now() < times.length * 400_000 + Date.UTC(2026, 0, 2)) await world.advance(1000);
  return times.slice(1).map((time, at) => Math.round((time - (times[at] ?? 0)) / 1000));
}

/** The rules for pauses between passes. */
export const REQUEUE_RULES: readonly WordRule[] = [
  {
    input: { kind: /^Graph$/, consecutiveSoftPasses: /^\[/ },
    check: ({ consecutiveSoftPasses }) =>
      inWorld(async (world) => {
        const passes = Array.isArray(consecutiveSoftPasses) ? consecutiveSoftPasses.map(Number) : [];
        const pauses = await pausesOf(world, Math.max(...passes));
        return { delaySeconds: passes.map((pass) => pauses[pass - 1] ?? -1) };
      }),
  },
  {
    input: { sequence: /^\[("soft"|"clean"|,)+\]$/, kind: /^Graph$/ },
    check: ({ sequence }) =>
      inWorld(async (world) => {
        const passes = Array.isArray(sequence) ? sequence.map(String) : [];
        const delaySeconds: (number | null)[] = [];
        const first = passes.indexOf('clean');
        const soft = await pausesOf(world, first < 0 ? passes.length : first);
        for (let at = 0; at < passes.length; at += 1) {
          if (passes[at] === 'soft') delaySeconds.push(soft[passes[at - 1] === 'clean' ? 0 : delaySeconds.length] ?? -1);
          else delaySeconds.push((await isAtRest(world)) ? null : -1);
        }
        return { delaySeconds };
      }),
  },
];

/**
 * Creates the missing object. Returns true if the Graph then has no problem and its controller sends no more requests.
 */
async function isAtRest(world: VirtualWorld): Promise<boolean> {
  world.intercept = undefined;
  await world.apply(liveMap('late'));
  await world.advance(600_000);
  const isClean = (await graphCondition(world, 'Ready')).startsWith('True');
  world.requests.length = 0;
  await world.advance(600_000);
  const requests = world.requests.filter(ofGraphs()).filter(({ path }) => !path.includes('watch='));
  return isClean && requests.length === 0;
}

const ACCOUNT = /^system:serviceaccount:/;

/** The user that the requests of a Graph impersonate. */
async function userOf(world: VirtualWorld): Promise<string> {
  const users = new Set(world.requests.filter(ofGraphs()).map(({ headers }) => headers?.['impersonate-user'] ?? ''));
  return [...users].filter((name) => ACCOUNT.test(name)).join(', ');
}

/** The rules for the account of a Graph. */
export const IMPERSONATION_RULES: readonly WordRule[] = [
  {
    input: { namespace: ANY, serviceAccountName: /^/ },
    check: ({ namespace, serviceAccountName }) =>
      inWorld(async (world) => {
        const place = String(namespace);
        await world.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: place } });
        const spec = serviceAccountName === '' ? {} : { serviceAccountName: String(serviceAccountName) };
        await putGraph(world, graphObject([template('a')], 'g', place, spec));
        const applied = (await getGraph(world, 'g', place))?.status?.['appliedServiceAccount'];
        const user = await userOf(world);
        return { user: applied === user ? user : `${user}, but the status has ${String(applied)}` };
      }),
  },
  {
    input: { appliedServiceAccount: /^/, spec: ANY, deleting: /^true$/ },
    check: ({ appliedServiceAccount, spec }) =>
      inWorld(async (world) => {
        const place = /^system:serviceaccount:([^:]+):/.exec(String(appliedServiceAccount))?.[1] ?? 'team';
        if (place !== 'team') await world.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: place } });
        await putGraph(world, graphObject([template('a')], 'g', place, { serviceAccountName: String(spec) }));
        await world.controller.stop();
        const entry = (await getGraph(world, 'g', place))?.status?.['managedResources'] ?? [];
        const status: JsonObject = { appliedServiceAccount: appliedServiceAccount === '' ? null : (appliedServiceAccount ?? null), managedResources: entry };
        await world.user.patch(graphRef('g', place), { status }, { subresource: 'status' });
        await world.user.delete(graphRef('g', place));
        world.requests.length = 0;
        await world.restart();
        await world.advance(5000);
        const isGone = (await getGraph(world, 'g', place)) === undefined;
        return { teardownAs: isGone ? await userOf(world) : 'the Graph is left' };
      }),
  },
  {
    input: { watchAccessReview: /^(denied|inconclusive)$/ },
    check: () =>
      inWorld(async (world) => {
        world.intercept = (request) =>
          ofGraphs('GET')(request) && !/\/configmaps\/\w/.test(request.path) ? failure(403, 'Forbidden', 'no watch') : undefined;
        await putGraph(world, graphObject([template('a')]));
        const isApplied = (await graphCondition(world, 'Ready')).startsWith('True');
        await world.user.patch(mapRef('a'), { data: { k: 'drift' } });
        await world.advance(8000);
        const data = (await world.user.get(mapRef('a')))['data'];
        const isNoticed = isJsonObject(data) && data['k'] === 'v';
        return { driftWatch: isNoticed, apply: isApplied ? 'unaffected' : await graphCondition(world, 'ResourcesConverged') };
      }),
  },
];
