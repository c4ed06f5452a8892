import { type JsonObject, isJsonObject } from '@typekro/kit/core';
import type { SeenRequest } from '@typekro/testing/test-support/virtual-world';
import { conditionText, mapRef, mapResource, potDefinition, potRef, potsRef } from '@typekro/testing/test-support/virtual-world';
import { graphCondition, graphObject, inWorld, putGraph, refuse, template } from './case-world.ts';
import { putInstance } from './instance-cases.ts';
import { type Findings, type WordRule, conditionList } from './words.ts';

/**
 * Applies a definition whose resource has the members that the case names, with the feature gate DeletionPolicy on or
 * off. Observes the condition of the definition or, for a case with an action, the object after the deletion of the
 * instance.
 */
const withPolicy = (input: JsonObject): Promise<Findings> =>
  inWorld(
    async (world) => {
      const members = isJsonObject(input['rgd resource']) ? input['rgd resource'] : {};
      const resources = [{ ...mapResource('c', { k: 'v' }), ...members }];
      if (input['action'] === undefined) {
        await world.apply(potDefinition(resources));
        await world.advance(5000);
        return { error: conditionText(await world.user.get(potsRef), 'GraphAccepted') };
      }
      await putInstance(world, resources);
      await world.user.delete(potRef('i'));
      await world.advance(30_000);
      const left = await world.user.find(mapRef('i-c'));
      const isGone = (await world.user.find(potRef('i'))) === undefined;
      if (left === undefined || !isGone) return { object: isGone ? 'deleted' : 'the instance stays' };
      const { labels = {}, annotations = {} } = left.metadata;
      const names = [...Object.keys(labels), ...Object.keys(annotations)].filter((name) => /kro\.run|applyset/.test(name));
      return { object: `kept, ${names.length === 0 ? 'without kro labels and annotations' : `with ${names.join(', ')}`}` };
    },
    { deletionPolicy: input['gate DeletionPolicy'] === true },
  );

/**
 * Observes the conditions of a Graph with one ConfigMap. If `isBlocked` is true, the server refuses to list ConfigMaps,
 * but single ConfigMaps can still be read.
 */
const watchesOf = (isBlocked: boolean): Promise<Findings> =>
  inWorld(
    async (world) => {
      if (isBlocked) {
        const isList = ({ method, path }: SeenRequest) => method === 'GET' && /\/configmaps(?:\?|$)/.test(path);
        refuse(world, isList, 403, 'Forbidden', 'configmaps is forbidden');
      }
      await putGraph(world, graphObject([template('c')]));
      await world.advance(30_000);
      const [ready] = conditionList(await graphCondition(world, 'Ready'));
      return {
        WatchesHealthy: conditionList(await graphCondition(world, 'WatchesHealthy')),
        affectsReady: ready !== 'True',
      };
    },
    { watchHealth: true },
  );

const POLICY = { 'rgd resource': /^\{"deletionPolicy":/, 'gate DeletionPolicy': /^(?:true|false)$/ };

/** The rules for cases about features of kro that are newer than 0.10.0-rc.0. */
export const LATER_RULES: readonly WordRule[] = [
  { input: POLICY, check: withPolicy },
  { input: { watches: /^all synced$/ }, check: () => watchesOf(false) },
  { input: { watches: /^one informer cannot list$/ }, check: () => watchesOf(true) },
  { input: { ...POLICY, action: /^delete instance$/ }, check: withPolicy },
];
