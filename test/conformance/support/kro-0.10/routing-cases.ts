import type { JsonObject } from '@typekro/kit/core';
import { Subscriptions } from '../../../../packages/controller/src/controller/cache/subscriptions.ts';
import type { CacheChange } from '../../../../packages/controller/src/controller/cache/kind-cache.ts';
import { type Decisions, type ObjectType, Projection } from '@typekro/engine/runtime';
import { UnknownForm } from './graph-input.ts';
import { type Findings, type WordRule, listOf } from './words.ts';

const TYPE: ObjectType = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const ANY = /./;

/** Parses the words for a watch: `ns/name`, or `owner ns/name`. */
function watchOf(words: string, at: number): { readonly owner: string; readonly request: Decisions.WatchRequest } {
  const [, owner = `g${at}`, namespace = '', name = ''] = /^(?:(\S+) )?([\w-]+)\/([\w-]+)$/.exec(words) ?? [];
  if (name === '') throw new UnknownForm(`no object in "${words}"`);
  return { owner, request: { kind: 'object', nodeId: 'n', target: { type: TYPE, namespace, name } } };
}

/** Parses the words for a selector: `a=b`, `a=b in ns`, or `a=b, all namespaces`. */
function selectionOf(words: string): Decisions.WatchRequest {
  const [, selector = '', namespace] = /^([^ ,]+)(?: in ([\w-]+)|, all namespaces)?$/.exec(words) ?? [];
  return { kind: 'list', nodeId: 'n', target: { type: TYPE, selector, ...(namespace === undefined ? {} : { namespace }) } };
}

const live = (namespace: string, name: string, labels: Record<string, string>) =>
  Projection.of({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels } }, [[]]);

function change(namespace: string, name: string, before: Record<string, string>, after: Record<string, string>): CacheChange {
  return { type: TYPE, key: `${namespace}/${name}`, before: live(namespace, name, before), after: live(namespace, name, after) };
}

/**
 * Parses the words for an event: `ns/name`, `other name` or `other namespace`. The last two forms mean an object with
 * another name, or in another namespace, than the object of the first watch.
 */
function eventOf(words: string, watched: readonly string[]): CacheChange {
  const [first = 'ns/x'] = watched.map((each) => each.split(' ').at(-1) ?? '');
  const [place = '', name = ''] = first.split('/');
  const direct = /^([\w-]+)\/([\w-]+)$/.exec(words);
  if (direct !== null) return change(direct[1] ?? '', direct[2] ?? '', {}, { any: '1' });
  if (words.startsWith('other name')) return change(place, `${name}-other`, {}, { any: '1' });
  if (words.startsWith('other namespace')) return change(`${place}-other`, name, {}, { any: '1' });
  throw new UnknownForm(`no event "${words}"`);
}

function selectedEvent(words: string, selector: string): CacheChange {
  const [key = '', value = ''] = (/^([^ ,]+)/.exec(selector)?.[1] ?? '').split('=');
  const match = { [key]: value };
  const place = / in ([\w-]+)$/.exec(words)?.[1] ?? / in ([\w-]+)$/.exec(selector)?.[1] ?? 'ns1';
  if (/^match\b|now has|still (has|matches)|^created/.test(words)) return change(place, 'x', {}, match);
  if (words.startsWith('object lost')) return change(place, 'x', match, {});
  if (words.startsWith('never matched')) return change(place, 'x', { other: '1' }, { other: '2' });
  throw new UnknownForm(`no event "${words}"`);
}

function delivered(watches: readonly { readonly owner: string; readonly request: Decisions.WatchRequest }[], event: CacheChange): Findings {
  const subscriptions = new Subscriptions();
  for (const owner of new Set(watches.map((each) => each.owner))) {
    const own = watches.filter((each) => each.owner === owner);
    subscriptions.set(owner, own.map(({ request }) => request), undefined);
  }
  return { delivered: subscriptions.of(event).size };
}

const byName = (words: readonly string[], event: string): Findings => delivered(words.map(watchOf), eventOf(event, words));

/** The rules for the subscribers that an event reaches. */
export const ROUTING_RULES: readonly WordRule[] = [
  { input: { watch: ANY, event: ANY }, check: ({ watch, event }: JsonObject) => byName([String(watch)], String(event)) },
  { input: { watches: /^\[/, event: ANY }, check: ({ watches, event }: JsonObject) => byName(listOf(watches), String(event)) },
  {
    input: { selector: ANY, event: ANY },
    check: ({ selector, event }: JsonObject) =>
      delivered([{ owner: 'g', request: selectionOf(String(selector)) }], selectedEvent(String(event), String(selector))),
  },
];
