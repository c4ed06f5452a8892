import { writeRefusalText } from '../../execute/index.ts';
import {
  type GroupVersionKind,
  type KubeObject,
  definedMembers,
  isJsonObject,
  refOf,
  RETRY_POLICIES,
} from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import { isNotFound } from '@typekro/kube';
import { type ObjectType, ObjectLabels } from '@typekro/engine/runtime';
import type { CacheSet } from '../cache/cache-set.ts';
import { type CrdPlan, ownedCrd, ownerConflict, patchTo, planCrd } from './crd-plan.ts';
import { crdDifference, crdDigest, hasMetadata } from './crd-difference.ts';
import { type DefinitionObject, CRD_KIND, CRD_TYPE, declaredKind } from './definition-object.ts';
import { textAt } from '@typekro/kit/kubernetes';
import { CrdRules } from '@typekro/engine/schema';
import type { RevisionStoreOptions } from './revision-store.ts';
import { Conversion } from '@typekro/engine/conversion';
import { type ConversionAddress, conversionsDigest } from '../conversions/conversion-address.ts';
import { tryOnCluster } from './conversion-trial.ts';
import type { ControllerSettings } from '../settings.ts';

/** The time in which the API server must serve a CRD. After that, the wait counts as a failure. */
const ESTABLISH_MS = 120_000;

/** The dependencies of a `CrdEnsurer`. */
export interface CrdEnsurerOptions extends Omit<RevisionStoreOptions, 'onEvent'> {
  readonly settings: Pick<ControllerSettings, 'facets'>;
  /** The address of the conversions of CRDs with several versions. Absent when the controller serves none. */
  readonly conversions?: ConversionAddress;
}

/** The state of a definition's CRD. */
export type CrdState =
  | {
      readonly state: 'served';
      readonly leaving?: LeavingVersions;
      /** The name of a CRD that is being deleted. The API server serves the CRD until its last instance is gone. */
      readonly deleting?: string;
    }
  /**
   * The CRD is written but not served yet. The watch of CRDs reports when it is served. At `until`, the wait counts as
   * a failure.
   */
  | { readonly state: 'waiting'; readonly until: number }
  /**
   * The CRD may not be written, or was not served in time. With `mayPass`, no event reports the end of the cause, so the
   * caller tries again after a pause.
   */
  | ({ readonly state: 'refused' } & CrdRefusal);

/** The reason why the CRD may not be written. */
export interface CrdRefusal extends Pick<RefusedPlan, 'message' | 'mayPass'> {
  readonly leaving?: LeavingVersions;
}

type RefusedPlan = Extract<CrdPlan, { readonly do: 'refuse' }>;

/** Versions that the definition does not have, and that the live CRD has as long as objects need them. */
export interface LeavingVersions {
  readonly names: readonly string[];
  /** The conversions between the remaining versions; `undefined` when one remains. */
  readonly remaining: ReturnType<typeof Conversion.of>;
}

/** A plan, and the live object for which it was made. */
interface Planned {
  readonly plan: CrdPlan;
  readonly existing: KubeObject | undefined;
  readonly leaving: LeavingVersions | undefined;
}

/**
 * Creates and updates the CRDs of definitions. Compares each CRD with the live object, and writes only CRDs that
 * differ.
 */
export class CrdEnsurer {
  readonly #options: CrdEnsurerOptions;
  /** The last successful check of each definition: UID and generation of its CRD, and the key of the wanted CRD. */
  readonly #lastChecks = new Map<
    string,
    { readonly stamp: string; readonly wantedKey: string; readonly leaving?: LeavingVersions | undefined }
  >();
  /**
   * Digests of the definitions' CRDs, by name of the CRD. They are made from the whole objects of the watch, because
   * the cache holds only projections.
   */
  readonly #digests = new Map<string, { readonly stamp: string; readonly digest: string }>();
  /**
   * When the wait for the CRD of a definition began. A write of the CRD restarts the wait. A refusal, or a CRD that is
   * served, ends the wait.
   */
  readonly #waitingSince = new Map<string, number>();
  /** The refusals of `#tried`, by definition. */
  readonly #refusedTrials = new Map<
    string,
    { readonly key: string; readonly until: number; readonly refusal: CrdPlan }
  >();
  /** Plans that `refusalOf` made, for `ensure` in the same pass (`beginPass`). */
  readonly #planned = new Map<string, { readonly wantedKey: string; readonly made: Promise<Planned> }>();

  constructor(options: CrdEnsurerOptions) {
    this.#options = options;
    options.caches.onRawObject(CRD_TYPE, (crd) => this.#recordDigest(crd));
  }

  /**
   * Begins a pass over a definition. Drops the plan that an earlier pass made and did not carry out. The CRD may have
   * been replaced or deleted since then.
   */
  beginPass(definition: string): void {
    this.#planned.delete(definition);
  }

  /** Creates or updates the CRD of a graph when it differs. Returns the state of the CRD. */
  async ensure(definition: DefinitionObject, graph: Graph, signal: AbortSignal): Promise<CrdState> {
    const name = nameOf(graph);
    try {
      if (!this.#isUnchanged(definition, graph) && !this.#isAsWanted(definition, graph)) {
        const planned = this.#planned.get(definition.name);
        this.#planned.delete(definition.name);
        const made =
          planned?.wantedKey === this.#wantedKeyOf(graph) ? planned.made : this.#plan(definition, graph, signal);
        const { plan, existing, leaving } = await made;
        // The time in which the CRD must be served begins with its last write.
        if (plan.do !== 'nothing') this.#waitingSince.delete(definition.name);
        if (plan.do === 'refuse') return { state: 'refused', ...refusalIn(plan, leaving) };
        const crd = await this.#carryOut(plan, existing, signal);
        this.#caches.peek(CRD_TYPE)?.observe(crd);
        this.#lastChecks.set(definition.name, { stamp: stampOf(crd), wantedKey: this.#wantedKeyOf(graph), leaving });
      }
    } catch (thrown) {
      const refusal = writeRefusalText(thrown);
      if (refusal === undefined) throw thrown;
      this.#waitingSince.delete(definition.name);
      return { state: 'refused', message: `failed to write CRD ${name}: ${refusal}`, mayPass: true };
    }
    const { leaving } = this.#lastChecks.get(definition.name) ?? {};
    return { ...this.#awaitEstablished(definition.name, name), ...definedMembers({ leaving }) };
  }

  /**
   * Removes versions from the CRD of a kind. The caller has made sure that no object needs them.
   *
   * @throws KubeError when the API server refuses the write
   */
  async drop(definition: DefinitionObject, crd: string, names: readonly string[], signal: AbortSignal): Promise<void> {
    const { client, version, conversions } = this.#options;
    const existing = await client.find(crdRef(crd), { signal });
    if (existing !== undefined && ownerConflict(existing, definition.name) === undefined) {
      const without = Conversion.withoutVersions(existing, new Set(names));
      const plan = patchTo(existing, ownedCrd(without, definition, version, conversions));
      this.#caches.peek(CRD_TYPE)?.observe(await this.#carryOut(plan, existing, signal));
    }
    this.#lastChecks.delete(definition.name);
  }

  /** Compares the CRD of a definition again, because what it needs of its former state has changed. */
  recheck(definition: string): void {
    this.#lastChecks.delete(definition);
  }

  /** The plan that refuses to write the CRD of a graph; `undefined` when the CRD may be written. Writes nothing. */
  async refusalOf(definition: DefinitionObject, graph: Graph, signal: AbortSignal): Promise<CrdRefusal | undefined> {
    const made = this.#plan(definition, graph, signal);
    this.#planned.set(definition.name, { wantedKey: this.#wantedKeyOf(graph), made });
    const { plan, leaving } = await made;
    return plan.do === 'refuse' ? refusalIn(plan, leaving) : undefined;
  }

  /** According to the watch: does the cluster serve the graph's kind for this definition? */
  serves(definition: DefinitionObject, graph: Graph): boolean {
    const crd = this.#caches.peek(CRD_TYPE)?.get(`/${nameOf(graph)}`)?.object;
    return crd !== undefined && ownerConflict(crd, definition.name) === undefined && CrdRules.isEstablished(crd);
  }

  /**
   * The kind that the cluster serves for this definition, by the labels of its CRD. Only the version comes from the
   * current spec.
   */
  servedType(definition: DefinitionObject): ObjectType | undefined {
    for (const { object } of this.#caches.peek(CRD_TYPE)?.values() ?? []) {
      if (ownerConflict(object, definition.name) !== undefined || !CrdRules.isEstablished(object)) continue;
      const { group, scope, names } = object.spec ?? {};
      const { kind, plural } = isJsonObject(names) ? names : {};
      if (typeof group !== 'string' || typeof kind !== 'string' || typeof plural !== 'string') continue;
      return { group, version: declaredKind(definition.spec).version, kind, plural, namespaced: scope !== 'Cluster' };
    }
    return undefined;
  }

  /** Deletes the CRDs that a deleted definition still owns. */
  async remove(definition: DefinitionObject, signal: AbortSignal): Promise<void> {
    for (const { object } of this.#caches.peek(CRD_TYPE)?.values() ?? []) {
      const labels = object.metadata.labels ?? {};
      const own = Object.hasOwn(labels, 'kro.run/owned') && ownerConflict(object, definition.name) === undefined;
      if (!own || object.metadata.deletionTimestamp !== undefined) continue;
      const { uid } = object.metadata;
      const options = { signal, ...(uid === undefined ? {} : { preconditions: { uid } }) };
      try {
        await this.#options.client.delete(refOf(object), options);
      } catch (thrown) {
        if (!isNotFound(thrown)) throw thrown;
      }
    }
  }

  /**
   * Drops the check, the wait and the plan of a definition that is deleted or belongs to another replica. Also drops
   * the digests of CRDs that no longer exist.
   */
  forget(definition: string): void {
    this.#lastChecks.delete(definition);
    this.#waitingSince.delete(definition);
    this.#planned.delete(definition);
    this.#refusedTrials.delete(definition);
    const cache = this.#caches.peek(CRD_TYPE);
    for (const name of this.#digests.keys()) if (cache?.get(`/${name}`) === undefined) this.#digests.delete(name);
  }

  get #caches(): CacheSet {
    return this.#options.caches;
  }

  #isUnchanged(definition: DefinitionObject, graph: Graph): boolean {
    const known = this.#lastChecks.get(definition.name);
    const crd = this.#caches.peek(CRD_TYPE)?.get(`/${nameOf(graph)}`)?.object;
    if (known === undefined || crd === undefined) return false;
    // The labels name the owner, and a change of labels does not change the stamp. The owner is therefore checked each
    // time.
    const isOwner = ownerConflict(crd, definition.name) === undefined;
    return isOwner && known.wantedKey === this.#wantedKeyOf(graph) && known.stamp === stampOf(crd);
  }

  /**
   * According to the watch: does the CRD equal the wanted one? After a restart, this check saves a read of each CRD.
   */
  #isAsWanted(definition: DefinitionObject, graph: Graph): boolean {
    const name = nameOf(graph);
    const crd = this.#caches.peek(CRD_TYPE)?.get(`/${name}`)?.object;
    const seen = this.#digests.get(name);
    if (crd === undefined || seen?.stamp !== stampOf(crd)) return false;
    if (ownerConflict(crd, definition.name) !== undefined) return false;
    const wanted = graph.instance.crd;
    // The cache holds labels but no annotations, so a CRD with wanted annotations must be read.
    if (!hasMetadata(crd, wanted) || crdDigest(wanted) !== seen.digest) return false;
    this.#lastChecks.set(definition.name, { stamp: seen.stamp, wantedKey: this.#wantedKeyOf(graph) });
    return true;
  }

  #recordDigest(crd: KubeObject): void {
    const { name = '' } = crd.metadata;
    const stamp = stampOf(crd);
    if (!ObjectLabels.isOwned(crd) || this.#digests.get(name)?.stamp === stamp) return;
    const digest = crdDigest(crd);
    if (digest === undefined) this.#digests.delete(name);
    else this.#digests.set(name, { stamp, digest });
  }

  /**
   * A key for the CRD of a graph: the hash of the spec, and the certificates of conversions. Graphs with the same key
   * have equal CRDs. With `mayLackKinds`, the same spec can produce another CRD when the cluster serves other kinds, so
   * the key also has the digest of the CRD.
   */
  #wantedKeyOf(graph: Graph): string {
    const { crd } = graph.instance;
    const certificates = Conversion.isIn(crd) ? (this.#options.conversions?.caBundle?.() ?? '') : '';
    return `${graph.hash} ${graph.mayLackKinds === true ? (crdDigest(crd) ?? '') : ''} ${certificates}`;
  }

  async #plan(definition: DefinitionObject, graph: Graph, signal: AbortSignal): Promise<Planned> {
    const { client, version, settings, conversions } = this.#options;
    const ref = crdRef(nameOf(graph));
    // A CRD that is not in the complete list of the watch is not read. If the CRD exists after all, the create request
    // fails.
    const cache = this.#caches.peek(CRD_TYPE);
    const absent = cache?.synced === true && cache.get(`/${ref.name}`) === undefined;
    const existing = absent ? undefined : await client.find(ref, { signal });
    const wanted = ownedCrd(graph.instance.crd, definition, version, conversions, existing);
    const difference =
      existing === undefined
        ? { changed: true, breaking: [] }
        : crdDifference(existing, wanted, settings.facets, graph);
    const untried = planCrd(existing, wanted, definition, difference, conversions !== undefined);
    const plan = await this.#tried(definition, untried, existing, wanted, signal);
    return { plan, existing, leaving: leavingFrom(plan, existing, wanted, graph.instance.crd) };
  }

  /** The plan after a trial of the conversions. A refusal stands for a while, because a trial reads all objects. */
  async #tried(
    { name, allowBreakingChanges: isBreakingAllowed }: DefinitionObject,
    plan: CrdPlan,
    existing: KubeObject | undefined,
    wanted: KubeObject,
    signal: AbortSignal,
  ): Promise<CrdPlan> {
    const { client, clock } = this.#options;
    if (plan.do !== 'patch' || existing === undefined) return plan;
    const key = `${stampOf(existing)} ${conversionsDigest(wanted)} ${isBreakingAllowed}`;
    const known = this.#refusedTrials.get(name);
    if (known?.key === key && clock.now() < known.until) return known.refusal;
    this.#refusedTrials.delete(name);
    const { plan: tried } = await tryOnCluster(client, plan, { existing, wanted, isBreakingAllowed }, signal);
    if (tried !== plan && tried.do === 'refuse') {
      const until = clock.now() + RETRY_POLICIES.refusedDefinition.initialMs;
      this.#refusedTrials.set(name, { key, until, refusal: tried });
    }
    return tried;
  }

  async #carryOut(plan: CrdPlan, existing: KubeObject | undefined, signal: AbortSignal): Promise<KubeObject> {
    const { client } = this.#options;
    if (plan.do === 'create') return client.create(plan.crd, { fieldManager: 'kro', signal });
    if (existing === undefined || plan.do === 'refuse') throw new Error(`no CRD to ${plan.do}`);
    return plan.do === 'patch' ? client.patch(refOf(existing), plan.body, { fieldManager: 'kro', signal }) : existing;
  }

  #awaitEstablished(definition: string, name: string): CrdState {
    const { clock } = this.#options;
    const crd = this.#caches.peek(CRD_TYPE)?.get(`/${name}`)?.object;
    if (crd !== undefined && CrdRules.isEstablished(crd)) {
      this.#waitingSince.delete(definition);
      return crd.metadata.deletionTimestamp === undefined ? { state: 'served' } : { state: 'served', deleting: name };
    }
    const since = this.#waitingSince.get(definition) ?? clock.now();
    this.#waitingSince.set(definition, since);
    if (clock.now() - since < ESTABLISH_MS) return { state: 'waiting', until: since + ESTABLISH_MS };
    return { state: 'refused', message: `CRD ${name} was not established within two minutes` };
  }
}

function nameOf(graph: Graph): string {
  return graph.instance.crd.metadata.name ?? `${graph.instance.plural}.${graph.instance.group}`;
}

function stampOf(crd: KubeObject): string {
  return `${crd.metadata.uid ?? ''} ${crd.metadata.generation ?? 0}`;
}

/** The name of the established CRD of a kind in the cache; `undefined` when there is none. */
export function findCrdName(caches: CacheSet, type: GroupVersionKind): string | undefined {
  const found = caches.peek(CRD_TYPE)?.indexed(`${type.group}/${type.kind}`) ?? [];
  return found.find(({ object }) => CrdRules.isEstablished(object))?.object.metadata.name;
}

const crdRef = (name: string) => ({ ...CRD_KIND, name });

const refusalIn = ({ message, mayPass }: RefusedPlan, leaving: LeavingVersions | undefined): CrdRefusal => ({
  message,
  ...definedMembers({ mayPass, leaving }),
});

/** @param wanted the CRD with the versions that leave it; `own` is the one without them */
function leavingFrom(
  plan: CrdPlan,
  existing: KubeObject | undefined,
  wanted: KubeObject,
  own: KubeObject,
): LeavingVersions | undefined {
  const isRefused = plan.do === 'refuse';
  const names = isRefused
    ? (plan.leaving ?? [])
    : Conversion.leavingVersions(wanted, own).map((version) => textAt(version, 'name'));
  if (existing === undefined || names.length === 0) return undefined;
  const after = Conversion.withoutVersions(isRefused ? existing : wanted, new Set(names));
  return { names, remaining: Conversion.of(after) };
}
