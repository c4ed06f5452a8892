import { type KubeObject, isJsonObject, oncePerObject } from '@typekro/kit/core';
import { GraphObject, Kinds } from '@typekro/engine/graph';
import type { KubeError } from '@typekro/kube';
import type { Decisions, ObjectType } from '@typekro/engine/runtime';
import type { ActingIdentities } from './acting-identity.ts';
import type { CacheSet } from './cache/cache-set.ts';
import type { CacheChange } from './cache/kind-cache.ts';
import type { DefinitionCompiler } from './definition/compiler.ts';
import { CRD_TYPE, declaredKind, DEFINITION_TYPE, REVISION_TYPE } from './definition/definition-object.ts';
import { definitionOf } from './definition/revision.ts';
import type { GraphCompiler } from './graph/graph-compiler.ts';
import { graphIndexOf } from './graph/graph-object.ts';
import { type InstanceDirectory, instanceId } from './instance/instance-directory.ts';
import type { ServedKinds } from './served-kinds.ts';

/**
 * The names of the subscribers of watches. `DEFINITIONS` is the subscriber for the controller's own kinds
 * (`#ownTypes`). `KIND_PREFIX` begins the name of the subscriber for the kind that a definition serves.
 */
const DEFINITIONS = '#definitions';
const KIND_PREFIX = '#kind ';

const OWN_TYPES: readonly ObjectType[] = [DEFINITION_TYPE, REVISION_TYPE, CRD_TYPE];
const OWN_TYPES_WITH_GRAPHS: readonly ObjectType[] = [...OWN_TYPES, GraphObject.TYPE];

/** The dependencies of a `WakeRouter`. */
export interface WakeRouterOptions {
  readonly caches: CacheSet;
  readonly served: ServedKinds;
  readonly instances: InstanceDirectory;
  readonly compiler: DefinitionCompiler;
  /** The compiler of Graphs; absent when the controller does not serve the kind Graph. */
  readonly graphCompiler?: GraphCompiler;
  readonly identities: ActingIdentities;
  readonly wakeDefinition: (name: string) => void;
  /** Called with true when the controller starts serving a kind, and with false when it stops. */
  readonly onServing: (serves: boolean) => void;
  /** Called when a Graph, or an instance of a served kind, changed. */
  readonly onInstance: (change: CacheChange) => void;
  /** Called when all of the controller's own kinds are listed. */
  readonly onReady: () => void;
  /** Called with the error of a watch of the controller's own kinds, or with `undefined` while the watch works. */
  readonly onOwnRead: (type: ObjectType, error: KubeError | undefined) => void;
}

/** Decides which definitions, instances and Graphs an event of a watch wakes. */
export class WakeRouter {
  readonly #options: WakeRouterOptions;
  readonly #serving = new Set<string>();
  /**
   * The kinds that a definition declares or uses. The result is cached, because it is needed again when the object is
   * deleted.
   */
  readonly #kindsOf = oncePerObject((definition: KubeObject): ReadonlySet<string> => {
    const spec = definition.spec ?? {};
    return new Set([declaredKind(spec), ...Kinds.used(spec)].map(({ group, kind }) => `${group}/${kind}`));
  });
  /** Were all of the controller's own kinds listed at some earlier time? */
  #wasReady = false;
  /**
   * The changes that arrived while one of the controller's own kinds was being listed again, and that the wake-ups at
   * the end of the list do not cover.
   */
  #missed: CacheChange[] = [];

  constructor(options: WakeRouterOptions) {
    this.#options = options;
  }

  /** Definitions, revisions and CRDs, and Graphs where the controller serves them. */
  get #ownTypes(): readonly ObjectType[] {
    return this.#options.graphCompiler === undefined ? OWN_TYPES : OWN_TYPES_WITH_GRAPHS;
  }

  /** Opens the watches of the controller's own kinds. */
  start(): void {
    const { caches } = this.#options;
    caches.keep(DEFINITION_TYPE, [[]]);
    caches.keep(REVISION_TYPE, [[]]);
    // The indexes find the definitions that use a kind, the revisions of a definition, and the CRDs of a kind.
    caches.index(DEFINITION_TYPE, (definition) => this.#kindsOf(definition));
    caches.index(REVISION_TYPE, (revision) => [definitionOf(revision)]);
    caches.index(CRD_TYPE, (crd) => {
      const { group, kind } = kindOfCrd(crd);
      return [`${group}/${kind}`];
    });
    caches.keep(CRD_TYPE, [
      ['metadata', 'labels'],
      ['spec', 'group'],
      ['spec', 'names'],
      ['spec', 'scope'],
      ['status', 'conditions'],
      ['status', 'storedVersions'],
    ]);
    caches.keep(GraphObject.TYPE, [[]]);
    caches.index(GraphObject.TYPE, graphIndexOf);
    caches.setInterest(DEFINITIONS, this.#ownTypes.map(everythingOf));
  }

  /** Are all of the controller's own kinds listed? Until then, a definition would seem to have no revisions. */
  get ready(): boolean {
    return this.#ownTypes.every((type) => this.#options.caches.peek(type)?.synced === true);
  }

  /**
   * Names the kinds that are not listed, each with the words "are being read" or "cannot be read". `undefined` when all
   * kinds are listed.
   */
  get waitsFor(): string | undefined {
    const texts = this.#ownTypes.flatMap((type) => {
      const cache = this.#options.caches.peek(type);
      if (cache?.synced === true) return [];
      return `${type.plural}.${type.group} ${cache?.error === undefined ? 'are being read' : 'cannot be read'}`;
    });
    return texts.length === 0 ? undefined : texts.join(', ');
  }

  /** Handles a notice of a watch. A notice without a change means that its kind became readable or unreadable. */
  woken(subscriber: string, change: CacheChange | undefined): void {
    if (subscriber === DEFINITIONS) this.#ownChanged(change);
    else if (subscriber.startsWith(KIND_PREFIX)) this.#kindChanged(subscriber.slice(KIND_PREFIX.length), change);
    else this.#options.instances.wake(subscriber);
  }

  /** Handles a definition that now serves its kind in another way, or that no longer serves a kind. */
  servedChanged(definition: string): void {
    const { caches, served, instances } = this.#options;
    const kind = served.ofDefinition(definition);
    const known = this.#serving.has(definition);
    if (known !== (kind !== undefined)) this.#options.onServing(!known);
    if (kind === undefined) this.#serving.delete(definition);
    else this.#serving.add(definition);
    if (kind === undefined) {
      caches.setInterest(KIND_PREFIX + definition, []);
      instances.forgetAllOf(definition);
      return;
    }
    caches.keep(kind.type, [[]]);
    if (kind.graph !== undefined) kind.identity.caches.keepGraph(kind.graph);
    caches.setInterest(KIND_PREFIX + definition, [everythingOf(kind.type)]);
    instances.wakeAllOf(definition);
  }

  #ownChanged(change: CacheChange | undefined): void {
    if (change === undefined) {
      for (const type of this.#ownTypes) this.#options.onOwnRead(type, this.#options.caches.peek(type)?.error);
    }
    if (!this.ready) {
      // When the list is complete, only existing objects are woken, and no cached schema is dropped. Therefore
      // deletions and changes of CRDs wait in `#missed` until then.
      if (this.#wasReady && change !== undefined && isMissed(change)) this.#missed.push(change);
      return;
    }
    const object = (change?.after ?? change?.before)?.object;
    if (change === undefined || object === undefined) return this.#wakeEverything();
    this.#objectChanged(change, object);
  }

  #objectChanged(change: CacheChange, object: KubeObject): void {
    if (change.type === GraphObject.TYPE) {
      this.#options.onInstance(change);
      this.#options.instances.wake(instanceId(change.type, change.key));
    } else if (change.type === CRD_TYPE) this.#crdChanged(change, object);
    else if (change.type === REVISION_TYPE) this.#options.wakeDefinition(definitionOf(object));
    else if (isRelevant(change)) this.#options.wakeDefinition(object.metadata.name ?? '');
  }

  #wakeEverything(): void {
    this.#wasReady = true;
    this.#options.onReady();
    this.wakeShare();
    const missed = this.#missed;
    this.#missed = [];
    for (const change of missed) {
      const object = (change.after ?? change.before)?.object;
      if (object !== undefined) this.#objectChanged(change, object);
    }
  }

  /** Queues all definitions and all Graphs. A replica works only on those in its share. */
  wakeShare(): void {
    this.#wakeDefinitions();
    this.#options.instances.wakeGraphs();
  }

  /**
   * Queues all definitions. Also queues the definitions of revisions that are being deleted, because these definitions
   * may no longer exist.
   */
  #wakeDefinitions(): void {
    const { caches, wakeDefinition } = this.#options;
    for (const key of caches.peek(DEFINITION_TYPE)?.keys() ?? []) wakeDefinition(key.slice(1));
    for (const { object } of caches.peek(REVISION_TYPE)?.values() ?? []) {
      if (object.metadata.deletionTimestamp !== undefined) wakeDefinition(definitionOf(object));
    }
  }

  /**
   * After a change of a CRD, queues the definitions and instances that use its kind. A change of only labels or
   * finalizers queues only definitions, because definitions own CRDs. The cache has no annotations of CRDs.
   */
  #crdChanged(change: CacheChange, object: KubeObject): void {
    const isOther = isServedOtherwise(change);
    if (!isOther && !isRelevant(change)) return;
    const { caches, wakeDefinition } = this.#options;
    const { group, kind } = kindOfCrd(object);
    if (isOther) this.#kindServedOtherwise(group, kind, isRedefined(change));
    for (const { object: definition } of caches.peek(DEFINITION_TYPE)?.indexed(`${group}/${kind}`) ?? []) {
      wakeDefinition(definition.metadata.name ?? '');
    }
  }

  /** Drops what the controller knows about a kind, and queues the instances and Graphs that use it. */
  #kindServedOtherwise(group: string, kind: string, isNewSchema: boolean): void {
    const { identities, compiler, instances } = this.#options;
    compiler.forgetKind(group, kind);
    this.#options.graphCompiler?.forgetKind(group, kind);
    for (const identity of identities.all()) {
      identity.client.discovery.forget(group, kind);
      identity.caches.restart(group, kind, isNewSchema);
    }
    instances.kindMayExist(group, kind);
    instances.wakeGraphs(group, kind);
  }

  /** Handles a change of an instance of a served kind. Without a change, the kind became readable or unreadable. */
  #kindChanged(definition: string, change: CacheChange | undefined): void {
    const { caches, instances, served, wakeDefinition } = this.#options;
    if (change === undefined) {
      wakeDefinition(definition);
      instances.wakeAllOf(definition);
      return;
    }
    this.#options.onInstance(change);
    // The end of a list wakes all instances in the list. A deleted instance is not in the list, so it is woken here.
    const isReading = caches.peek(change.type)?.synced !== true;
    if (!isReading || change.after === undefined) instances.wake(instanceId(change.type, change.key));
    // The choice of a canary depends on the set of instances.
    if (served.ofDefinition(definition)?.canary !== undefined && isRelevant(change)) wakeDefinition(definition);
    if (change.after !== undefined && !isRelevant(change)) return;
    // A deleted definition may wait for the deletion of its last instance.
    const object = caches.peek(DEFINITION_TYPE)?.get(`/${definition}`)?.object;
    if (object?.metadata.deletionTimestamp !== undefined) wakeDefinition(definition);
  }
}

function everythingOf(type: ObjectType): Decisions.WatchRequest {
  return { kind: 'list', nodeId: '', target: { type, selector: '' } };
}

/** Does a change affect more than the status? The controller's own status writes must not cause another pass. */
function isRelevant({ before, after }: CacheChange): boolean {
  if (before === undefined || after === undefined) return true;
  const [a, b] = [before.object.metadata, after.object.metadata];
  return (
    a.uid !== b.uid ||
    a.generation !== b.generation ||
    a.deletionTimestamp !== b.deletionTimestamp ||
    JSON.stringify([a.annotations, a.labels, a.finalizers]) !== JSON.stringify([b.annotations, b.labels, b.finalizers])
  );
}

/**
 * Must a change that arrives during a list be handled after the list? The wake-ups at the end of the list do not cover
 * it.
 */
function isMissed(change: CacheChange): boolean {
  return change.after === undefined || (change.type === CRD_TYPE && isServedOtherwise(change));
}

/** Does a change of a CRD concern the served kind, and not only labels and finalizers of the CRD? */
function isServedOtherwise(change: CacheChange): boolean {
  const [before, after] = [change.before?.object, change.after?.object];
  return (
    isRedefined(change) ||
    before?.metadata.deletionTimestamp !== after?.metadata.deletionTimestamp ||
    conditionsText(before) !== conditionsText(after)
  );
}

/** Was a CRD replaced, or did its spec change? The spec contains the schema. */
function isRedefined({ before, after }: CacheChange): boolean {
  const [a, b] = [before?.object.metadata, after?.object.metadata];
  return a?.uid !== b?.uid || a?.generation !== b?.generation;
}

function conditionsText(crd: KubeObject | undefined): string {
  return JSON.stringify(crd?.status?.['conditions'] ?? null);
}

function kindOfCrd(crd: KubeObject): { group: string; kind: string } {
  const group = crd.spec?.['group'];
  const names = crd.spec?.['names'];
  const kind = isJsonObject(names) ? names['kind'] : undefined;
  return { group: typeof group === 'string' ? group : '', kind: typeof kind === 'string' ? kind : '' };
}
