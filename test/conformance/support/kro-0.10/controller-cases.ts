import type { JsonObject } from '@typekro/kit/core';
import { GRAPH_FINALIZER } from '../../../../packages/engine/src/runtime/objects/keys.ts';
import { decide } from '@typekro/engine/test-support/direct-loop';
import { FakeCluster } from '@typekro/engine/test-support/fake-cluster';
import { graphObjectOf } from '@typekro/engine/test-support/graph-objects';
import { failure } from '@typekro/testing/test-support/intercept-request';
import type { SeenRequest, VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { config, getGraph, graphCondition, graphObject, graphRef, inWorld, liveMap, mapRef, ofGraphs, putGraph, refuse, template } from './case-world.ts';
import { compilations } from './compilations.ts';
import { malformedContributions } from './instance-cases.ts';
import { type Findings, type WordRule, conditionList } from './words.ts';

const ANY = /./;
const BROKEN: JsonObject = template('a', 'a', { v: '${nothing.here}' });

const condition = async (world: VirtualWorld, type: 'Accepted' | 'ResourcesConverged' | 'Ready'): Promise<string[]> =>
  conditionList(await graphCondition(world, type));

const toGraph = (method: string, end = ''): ((request: SeenRequest) => boolean) => {
  const path = new RegExp(`/graphs/g${end}(\\?|$)`);
  return (request) => request.method === method && path.test(request.path);
};

/** Observes a pass whose request is refused, and the passes after it. */
const failing = (fits: (request: SeenRequest) => boolean, word: string, deleting = false): Promise<Findings> =>
  inWorld(async (world) => {
    if (deleting) await putGraph(world, graphObject([template('a')]));
    let refused = 0;
    world.intercept = (request) => {
      if (!fits(request)) return undefined;
      refused += 1;
      return failure(500, 'InternalError', 'storage is broken');
    };
    if (deleting) {
      await world.user.delete(graphRef());
      await world.advance(20_000);
    } else await putGraph(world, graphObject([template('a')]), 20_000);
    const message = (await condition(world, 'ResourcesConverged'))[2] ?? '';
    const first = refused;
    world.intercept = undefined;
    await world.advance(600_000);
    const graph = await getGraph(world);
    const isMended = deleting ? graph === undefined : (await graphCondition(world, 'Ready')).startsWith('True');
    // kro names the failed step only in its log. This project names the step in the condition, unless the write of the
    // status is refused.
    const isNamed = word === 'joined with the pass result' || /^(write|remove) the finalizer.*storage is broken/.test(message);
    const error = first > 1 && isNamed && isMended ? word : `refused ${first} times, ${message}, mended: ${String(isMended)}`;
    return { error };
  });

/** Observes a Graph with these nodes: its conditions, and whether the controller repeats requests for its objects. */
const afterApply = (nodes: readonly JsonObject[], prepare: (world: VirtualWorld) => Promise<void> = () => Promise.resolve()): Promise<Findings> =>
  inWorld(async (world) => {
    await prepare(world);
    await putGraph(world, graphObject([...nodes]));
    world.requests.length = 0;
    await world.advance(60_000);
    const again = world.requests.filter(({ path }) => path.includes('/configmaps')).length;
    const [status = '', reason = '', message = ''] = await condition(world, 'ResourcesConverged');
    return { ResourcesConverged: [status, reason, message], returnsError: again > 0, Ready: await condition(world, 'Ready') };
  });

/** Observes a Graph from which a node was removed, when the node's objects or fields cannot be deleted. */
const retired = (first: JsonObject, fits: (request: SeenRequest) => boolean): Promise<Findings> =>
  inWorld(async (world) => {
    await world.apply(liveMap('target', { theirs: '0' }));
    await putGraph(world, graphObject([template('kept'), first]));
    refuse(world, fits, 500, 'InternalError', 'storage is broken');
    await putGraph(world, graphObject([template('kept')]));
    const found = await condition(world, 'ResourcesConverged');
    // kro writes the prefix `prune: ` only to its log. The condition names the object.
    const isNamed = (found[2] ?? '').includes('storage is broken');
    return { ResourcesConverged: found, error: isNamed ? 'prune: ' : '' };
  });

/** The conditions that a step decides before the Graph's objects have been read. */
function pendingConditions(): Findings {
  const compiled = graphObjectOf('[{id: a, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}}]');
  const cluster = new FakeCluster();
  const live = cluster.put({ ...graphObject([template('a')]), metadata: { name: 'g', namespace: 'team' } });
  const { conditions } = decide(compiled, live, cluster, { lazy: true });
  const statusOf = (name: string) => conditions.find(({ type }) => type === name)?.status ?? '';
  return { Accepted: statusOf('Accepted'), Ready: statusOf('Ready') };
}

/** The rules for the phases of a pass in the controller of Graphs. */
export const CONTROLLER_RULES: readonly WordRule[] = [
  {
    input: { graph: /^new$/ },
    check: () =>
      inWorld(async (world) => {
        await putGraph(world, graphObject([template('a')]));
        return { finalizer: (await getGraph(world))?.metadata.finalizers?.[0] ?? '' };
      }),
  },
  {
    input: { graph: /^has the finalizer$/ },
    check: () =>
      inWorld(async (world) => {
        await world.controller.stop();
        const graph = graphObject([template('a')]);
        await world.user.create({ ...graph, metadata: { ...graph.metadata, finalizers: [GRAPH_FINALIZER] } });
        await world.restart();
        await world.advance(5000);
        return { finalizerCount: (await getGraph(world))?.metadata.finalizers?.length ?? 0 };
      }),
  },
  {
    input: { graph: /^deleted|^deleting/ },
    check: () =>
      inWorld(async (world) => {
        await putGraph(world, graphObject([template('a')]));
        await world.user.delete(graphRef());
        await world.advance(5000);
        return { finalizer: (await getGraph(world)) === undefined ? 'removed' : 'kept' };
      }),
  },
  {
    input: { graph: /^(missing|not found|gone)$/ },
    check: () =>
      inWorld(async (world) => {
        await putGraph(world, graphObject([template('a')]));
        await world.user.delete(graphRef());
        await world.advance(5000);
        const isGone = (await getGraph(world)) === undefined;
        world.requests.length = 0;
        await world.advance(60_000);
        const writes = world.requests.filter(({ method, path }) => method !== 'GET' && path.includes('/graphs/'));
        return { error: null, requeue: null, writes: isGone ? writes.length : -1 };
      }),
  },
  {
    input: { passes: /^\d+$/, spec: /^(unchanged|changed)$/ },
    check: ({ passes, spec }) =>
      inWorld(async (world) => {
        for (let pass = 0; pass < Number(passes); pass += 1) {
          const name = spec === 'changed' ? `v${pass}` : 'v';
          if (pass === 0 || spec === 'changed') await putGraph(world, graphObject([template('a', 'a', { k: name })]));
          else {
            await world.user.delete(mapRef('a'));
            await world.advance(5000);
          }
        }
        const isThere = (await world.user.find(mapRef('a'))) !== undefined;
        return { compilerCalls: isThere ? compilations(world) : -1 };
      }),
  },
  {
    input: { compile: /^error, then ok$/ },
    check: () =>
      inWorld(async (world) => {
        await putGraph(world, graphObject([BROKEN]));
        const isRefused = (await graphCondition(world, 'Accepted')).startsWith('False InvalidGraph');
        await putGraph(world, graphObject([template('a')]));
        const [ready = ''] = await condition(world, 'Ready');
        return { compilerCalls: isRefused ? compilations(world) : -1, Ready: ready };
      }),
  },
  {
    input: { compile: /^(error|fails)/ },
    check: () =>
      inWorld(async (world) => {
        await putGraph(world, graphObject([BROKEN]));
        return { Accepted: await condition(world, 'Accepted'), Ready: await condition(world, 'Ready') };
      }),
  },
  {
    input: { apply: /^ok$/ },
    check: () => afterApply([template('a')]),
  },
  {
    input: { apply: /^hard error/ },
    check: () =>
      afterApply([template('a')], (world) => {
        refuse(world, ofGraphs('PATCH'), 422, 'Invalid', 'E');
        return Promise.resolve();
      }),
  },
  {
    input: { apply: /^first soft error is a field-manager conflict$/ },
    check: () =>
      afterApply([template('s', 'shared')], (world) => putGraph(world, graphObject([template('s', 'shared')], 'other'))),
  },
  {
    input: { apply: /^(first )?soft error (is (waiting|a missing|readiness)|\w+$)|^soft error: (waiting|readiness)|not ready$/ },
    check: () => afterApply([{ ...template('a'), readyWhen: ["${a.data.k == 'later'}"] }]),
  },
  {
    input: { apply: /data pending/ },
    check: () => afterApply([template('a'), template('b', 'b', { v: '${a.data.later}' })]),
  },
  {
    input: { get: /^fails with a non-404$/ },
    check: () =>
      inWorld(async (world) => {
        // The controller lists and watches Graphs. It logs a failed list request, and repeats the request later.
        refuse(world, ({ method, path }) => method === 'GET' && /\/graphs(\?|$)/.test(path), 500, 'InternalError', 'storage is broken');
        await world.controller.stop();
        const restarted = world.restart();
        await world.advance(20_000);
        const isNamed = world.log.some((line) => line.includes('graphs') && line.includes('storage is broken'));
        world.intercept = undefined;
        await world.advance(60_000);
        await restarted;
        await putGraph(world, graphObject([template('a')]));
        const isMended = (await graphCondition(world, 'Ready')).startsWith('True');
        return { error: isNamed && isMended ? 'get Graph' : `named: ${String(isNamed)}, mended: ${String(isMended)}` };
      }),
  },
  { input: { 'status write': /^fails$/ }, check: () => failing(toGraph('PATCH', '/status'), 'joined with the pass result') },
  { input: { 'finalizer add': /^fails$/ }, check: () => failing(toGraph('PATCH'), 'set managed') },
  { input: { 'finalizer removal': /^fails$/ }, check: () => failing(toGraph('PATCH'), 'set unmanaged', true) },
  {
    input: { marker: /^compiled, (resources pending|then not converged|then converged)$/ },
    check: ({ marker }) =>
      inWorld(async (world) => {
        if (String(marker).endsWith('pending')) return pendingConditions();
        const waits = { ...template('a'), readyWhen: ["${a.data.k == 'later'}"] };
        await putGraph(world, graphObject([String(marker).endsWith('then converged') ? template('a') : waits]));
        const [accepted = ''] = await condition(world, 'Accepted');
        const [ready = ''] = await condition(world, 'Ready');
        return { Accepted: accepted, Ready: ready };
      }),
  },
  {
    input: { apply: /^ok$/, prune: /^fails$/ },
    check: () => retired(template('gone'), ofGraphs('DELETE')),
  },
  {
    input: { apply: /^ok$/, release: /^fails$/ },
    check: () => retired({ id: 'p', patch: config('target', { mine: '1' }) }, ({ method, path }) => method === 'PATCH' && path.includes('/configmaps/target')),
  },
  {
    // kro 0.10 keeps the contributions (patched fields) of a Graph in its status. Only an instance has them in an
    // annotation, so this rule is checked with an instance.
    input: { 'contributions annotation': /^malformed$/, 'state of code': ANY },
    check: () => malformedContributions(),
  },
];
