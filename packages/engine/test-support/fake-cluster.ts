import type { GroupVersionKind, JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { gvkOf, isJsonObject, jsonEquals } from '@typekro/kit/core';
import type { Graph, PathStep } from '@typekro/engine/graph';
import type { Decisions, EquivalentDigests, ObjectTarget, Observations, Reports } from '@typekro/engine/runtime';
import { ObjectKey, ObjectLabels, Projection, WriteRules } from '@typekro/engine/runtime';

/** Options of the view of a fake cluster. */
export interface ViewOptions {
  /** `projection`: the view contains projections, as the controller's caches do. Default: `whole`. */
  readonly mode?: 'whole' | 'projection';
  /** Is an object unknown until it is read? Default: false, so that all objects are known, as in synced caches. */
  readonly lazy?: boolean;
}

/**
 * A deterministic in-memory API server for tests of pure decisions. It has server-side apply with field ownership
 * (lists are atomic), finalizers, UIDs, and a view for `step`.
 */
export class FakeCluster {
  readonly #objects = new Map<string, KubeObject>();
  readonly #owners = new Map<string, Map<string, ReadonlySet<string>>>();
  readonly #known = new Set<string>();
  readonly #whole = new Set<string>();
  readonly #failed = new Map<string, Observations.FailedWrite>();
  readonly #equivalences = new Map<string, EquivalentDigests>();
  readonly #engineEquivalences = new Map<string, ReadonlyMap<string, EquivalentDigests>>();
  /** For each graph, maps the id of a node to the computed kinds (`Kind.group`) that steps have found. */
  readonly #computedKinds = new WeakMap<Graph, Map<string, Set<string>>>();
  #count = 0;

  /**
   * The writes of `apply`, `disown` and `delete` in their order: `apply ConfigMap/ns/name`, `disown …`, `delete …`.
   * Also the removals of objects: `gone …`. Applies without a change are left out.
   */
  readonly log: string[] = [];
  /** Maps an object's key (`Kind.group/namespace/name`) to the failure of its applies. */
  readonly refuse = new Map<string, Reports.ApiFailure>();
  /** Kinds (`Kind.group`) that the server does not serve. */
  readonly unserved = new Set<string>();

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  keys(): string[] {
    return [...this.#objects.keys()].sort();
  }

  /** Creates or replaces an object as another client. */
  put(object: KubeObject): KubeObject {
    const key = ObjectKey.of(object);
    const before = this.#objects.get(key);
    return this.#store(key, { ...object, metadata: { ...before?.metadata, ...object.metadata } });
  }

  /** Changes an object as another client. The changed fields then have no owner. */
  edit(key: string, change: (object: KubeObject) => void): void {
    const before = this.#objects.get(key);
    if (before === undefined) throw new Error(`no object ${key}`);
    const after = structuredClone(before);
    change(after);
    for (const [manager, owned] of this.#owners.get(key) ?? []) {
      const kept = [...owned].filter((path) => jsonEquals(valueAt(before, path), valueAt(after, path)));
      this.#owners.get(key)?.set(manager, new Set(kept));
    }
    this.#store(key, after);
  }

  /** Marks an object for deletion, or removes it when it has no finalizers. */
  remove(key: string): void {
    const object = this.#objects.get(key);
    if (object === undefined) return;
    if ((object.metadata.finalizers ?? []).length === 0) this.#drop(key);
    else if (object.metadata.deletionTimestamp === undefined) {
      this.#store(key, { ...object, metadata: { ...object.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
    }
  }

  /**
   * Removes one finalizer, or all finalizers. If the object is marked for deletion and has no finalizer left, removes
   * the object.
   */
  release(key: string, finalizer?: string): void {
    const object = this.#objects.get(key);
    if (object === undefined) return;
    const finalizers = (object.metadata.finalizers ?? []).filter(
      (name) => finalizer !== undefined && name !== finalizer,
    );
    this.#store(key, { ...object, metadata: { ...object.metadata, finalizers } });
    if (finalizers.length === 0 && object.metadata.deletionTimestamp !== undefined) this.#drop(key);
  }

  /**
   * Applies an object by server-side apply. Returns the stored object, or the failure of its key in `refuse`. Without
   * force, the apply causes a conflict if it would change a field that another manager owns.
   */
  apply(
    desired: KubeObject,
    manager: string,
    { force = true, subresource }: { readonly force?: boolean; readonly subresource?: 'status' } = {},
  ): KubeObject | Reports.ApiFailure {
    const key = ObjectKey.of(desired);
    const refusal = this.refuse.get(key);
    if (refusal !== undefined) return refusal;
    const before = this.#objects.get(key);
    const owners = this.#owners.get(key) ?? new Map<string, ReadonlySet<string>>();
    const all = leaves(desired);
    const wanted = new Map([...all].filter(([path]) => isOfStatus(path) === (subresource === 'status')));
    const writer = subresource === undefined ? manager : `${manager}/${subresource}`;
    const conflicts = force || before === undefined ? [] : conflictsOf(before, owners, writer, wanted);
    if (conflicts.length > 0) return conflictFailure(conflicts);
    this.#owners.set(key, owners);
    const next: KubeObject = structuredClone(
      before ?? { apiVersion: desired.apiVersion, kind: desired.kind, metadata: {} },
    );
    next.metadata.name = desired.metadata.name ?? '';
    if (desired.metadata.namespace !== undefined) next.metadata.namespace = desired.metadata.namespace;
    for (const path of owners.get(writer) ?? []) {
      const shared = [...owners].some(([other, owned]) => other !== writer && owned.has(path));
      if (!wanted.has(path) && !shared) unset(next, JSON.parse(path) as PathStep[]);
    }
    for (const [path, value] of wanted) {
      for (const [other, owned] of owners) {
        if (other === writer || !owned.has(path) || jsonEquals(valueAt(next, path), value)) continue;
        owners.set(other, new Set([...owned].filter((entry) => entry !== path)));
      }
      set(next, JSON.parse(path) as PathStep[], structuredClone(value));
    }
    owners.set(writer, new Set(wanted.keys()));
    const changed =
      before === undefined || !jsonEquals(stripped(before), stripped(next)) || this.#ownersChanged(key, before);
    if (changed) this.log.push(`apply ${key}`);
    return changed ? this.#store(key, next) : before;
  }

  /** Removes a writer from the owners of an object. The object keeps its fields. */
  disown(key: string, writer: string): void {
    const object = this.#objects.get(key);
    if (object === undefined || this.#owners.get(key)?.delete(writer) !== true) return;
    this.log.push(`disown ${key}`);
    this.#store(key, object);
  }

  /** Deletes the object if it has this UID, as the deletions of decisions do. */
  delete(target: ObjectTarget, uid: string): void {
    const key = ObjectKey.ofTarget(target);
    const object = this.#objects.get(key);
    if (object === undefined || object.metadata.uid !== uid) return;
    this.log.push(`delete ${key}`);
    this.remove(key);
  }

  fail(target: ObjectTarget, failed: Observations.FailedWrite | undefined, writer?: string): void {
    if (failed === undefined) this.#failed.delete(ObjectKey.ofWrite(target, writer));
    else this.#failed.set(ObjectKey.ofWrite(target, writer), failed);
  }

  setEquivalence(target: ObjectTarget, pair: EquivalentDigests, writer?: string): void {
    const key = ObjectKey.ofTarget(target);
    if (writer === undefined) this.#equivalences.set(key, pair);
    else this.#engineEquivalences.set(key, new Map([...(this.#engineEquivalences.get(key) ?? []), [writer, pair]]));
  }

  /** Drops all state that a process has only in memory. */
  forget(): void {
    const memories = [this.#known, this.#whole, this.#failed, this.#equivalences, this.#engineEquivalences];
    for (const memory of memories) memory.clear();
  }

  read(request: Decisions.ReadRequest): void {
    if (request.kind === 'object') this.#known.add(ObjectKey.ofTarget(request.target));
    else if (request.kind === 'whole-object') this.#whole.add(ObjectKey.ofTarget(request.target));
    else this.#known.add(JSON.stringify(request.target));
  }

  /**
   * Records the computed kind of a node. Projections of this kind then have the fields that readers of the node read.
   */
  keepComputedKind(graph: Graph, nodeId: string, { group, kind }: GroupVersionKind): void {
    const kinds = this.#computedKinds.get(graph) ?? new Map<string, Set<string>>();
    this.#computedKinds.set(graph, kinds);
    kinds.set(nodeId, new Set([...(kinds.get(nodeId) ?? []), `${kind}.${group}`]));
  }

  view(graph: Graph, { mode = 'whole', lazy = false }: ViewOptions = {}): Observations.Observed {
    const show = (key: string, object: KubeObject): Observations.LiveObject => {
      const settled = this.#equivalences.get(key);
      const whole = mode === 'whole' || this.#whole.has(key);
      const reads =
        graph.definedBy === 'graph' ? this.#readsOfKind(graph, object) : graph.reads.get(ObjectLabels.nodeIdOf(object));
      const shown = whole ? { ...Projection.of(object, []), object } : Projection.of(object, reads ?? [[]]);
      const engine = [...(this.#engineEquivalences.get(key) ?? [])].filter(([writer]) =>
        shown.engineFields?.has(writer),
      );
      const live = engine.reduce((each, [writer, pair]) => WriteRules.withEngineEquivalence(each, writer, pair), shown);
      return settled === undefined ? live : { ...live, equivalence: settled };
    };
    const all = (matches: (object: KubeObject) => boolean): Observations.ListObservation => ({
      state: 'known',
      objects: [...this.#objects].filter(([, object]) => matches(object)).map(([key, object]) => show(key, object)),
    });
    return {
      object: (target) => {
        const key = ObjectKey.ofTarget(target);
        if (lazy && !this.#known.has(key)) return { state: 'unknown' };
        const object = this.#objects.get(key);
        return object === undefined ? { state: 'absent' } : { state: 'present', live: show(key, object) };
      },
      list: (target) => {
        if (lazy && !this.#known.has(JSON.stringify(target))) return { state: 'unknown' };
        const terms = target.selector === '' ? [] : target.selector.split(',').map((term) => term.split('='));
        return all(
          (object) =>
            object.kind === target.type.kind &&
            (target.namespace === undefined || object.metadata.namespace === target.namespace) &&
            terms.every(([name = '', value]) => object.metadata.labels?.[name] === value),
        );
      },
      members: (target) => {
        const name = target.group === '' ? target.kind : `${target.kind}.${target.group}`;
        if (this.unserved.has(name)) return { state: 'unserved' };
        if (lazy && !this.#known.has(JSON.stringify(target))) return { state: 'unknown' };
        return all((object) => {
          const { group, kind } = gvkOf(object);
          const { namespace, labels } = object.metadata;
          const inScope = namespace === undefined || target.namespaces.includes(namespace);
          const part = labels?.['applyset.kubernetes.io/part-of'];
          return group === target.group && kind === target.kind && inScope && part === target.applySet;
        });
      },
      failedWrite: (target, writer) => this.#failed.get(ObjectKey.ofWrite(target, writer)),
    };
  }

  /** The paths that the graph reads in objects of the same kind as this object. */
  #readsOfKind(graph: Graph, object: KubeObject): readonly (readonly PathStep[])[] {
    const { group, kind } = gvkOf(object);
    const computed = this.#computedKinds.get(graph);
    const isSame = (id: string) => {
      const type = graph.nodes.get(id)?.type;
      if (type === undefined) return computed?.get(id)?.has(`${kind}.${group}`) === true;
      return type.group === group && type.kind === kind;
    };
    return [...graph.reads].flatMap(([id, paths]) => (isSame(id) ? paths : []));
  }

  /** Have the owners of fields changed? The server also stores an apply that changes only the owners. */
  #ownersChanged(key: string, before: KubeObject): boolean {
    return !jsonEquals(this.#managedFields(key), before.metadata.managedFields ?? []);
  }

  #store(key: string, object: KubeObject): KubeObject {
    const before = this.#objects.get(key);
    this.#count += 1;
    const changedSpec = !jsonEquals(before?.spec ?? null, object.spec ?? null);
    const generation = before === undefined ? 1 : (before.metadata.generation ?? 1) + (changedSpec ? 1 : 0);
    const metadata = {
      ...object.metadata,
      uid: before?.metadata.uid ?? `uid-${this.#count}`,
      resourceVersion: String(this.#count),
      generation,
      managedFields: this.#managedFields(key),
    };
    const stored = { ...object, metadata };
    this.#objects.set(key, stored);
    this.#known.add(key);
    this.#whole.delete(key);
    return stored;
  }

  #drop(key: string): void {
    this.#objects.delete(key);
    this.#owners.delete(key);
    this.#equivalences.delete(key);
    this.#engineEquivalences.delete(key);
    this.log.push(`gone ${key}`);
  }

  #managedFields(key: string): JsonValue[] {
    return [...(this.#owners.get(key) ?? [])]
      .filter(([, paths]) => paths.size > 0)
      .map(([writer, paths]) => {
        const [manager = '', subresource] = writer.endsWith('/status') ? [writer.slice(0, -7), 'status'] : [writer];
        const part = subresource === undefined ? {} : { subresource };
        return { manager, operation: 'Apply', ...part, fieldsV1: fieldSet([...paths]) };
      });
  }
}

/** Does the path of a leaf (as JSON) lead into the status? */
function isOfStatus(path: string): boolean {
  return (JSON.parse(path) as PathStep[])[0] === 'status';
}

/**
 * The conflicts of an apply. In each conflict, another manager owns a wanted field, and the present value of the field
 * differs from the wanted value.
 */
function conflictsOf(
  before: KubeObject,
  owners: ReadonlyMap<string, ReadonlySet<string>>,
  writer: string,
  wanted: ReadonlyMap<string, JsonValue>,
): [manager: string, path: string][] {
  return [...owners].flatMap(([other, owned]) =>
    [...wanted].flatMap(([path, value]): [string, string][] => {
      const isConflict = other !== writer && owned.has(path) && !jsonEquals(valueAt(before, path), value);
      return isConflict ? [[other, `.${(JSON.parse(path) as PathStep[]).join('.')}`]] : [];
    }),
  );
}

function conflictFailure(conflicts: readonly (readonly [string, string])[]): Reports.ApiFailure {
  const count = `${conflicts.length} conflict${conflicts.length === 1 ? '' : 's'}`;
  const texts = conflicts.map(([manager, path]) => `conflict with "${manager}": ${path}`);
  return {
    code: 409,
    reason: 'Conflict',
    message: `Apply failed with ${count}: ${texts.join('; ')}`,
    conflicts: [...new Set(conflicts.map(([manager]) => manager))].sort(),
  };
}

/** The leaves that an apply sets, as a map from the path (as JSON) to the value. Lists and empty objects are leaves. */
function leaves(object: KubeObject): Map<string, JsonValue> {
  const found = new Map<string, JsonValue>();
  const walk = (path: readonly PathStep[], value: JsonValue | undefined) => {
    if (value === null || value === undefined) return;
    if (isJsonObject(value) && Object.keys(value).length > 0) {
      for (const [key, member] of Object.entries(value)) walk([...path, key], member);
    } else found.set(JSON.stringify(path), value);
  };
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object;
  for (const [key, value] of Object.entries(rest)) walk([key], value);
  const { labels, annotations, finalizers } = metadata;
  walk(['metadata'], { labels: labels ?? null, annotations: annotations ?? null, finalizers: finalizers ?? null });
  return found;
}

function fieldSet(paths: readonly string[]): JsonObject {
  const root: JsonObject = {};
  for (const text of paths) {
    let at = root;
    for (const step of JSON.parse(text) as PathStep[]) {
      const name = `f:${step}`;
      const below = at[name];
      at = isJsonObject(below) ? below : define(at, name, {});
    }
  }
  return root;
}

function stripped(object: KubeObject): JsonValue {
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function valueAt(object: KubeObject, path: string): JsonValue | undefined {
  let value: JsonValue | undefined = object;
  for (const step of JSON.parse(path) as PathStep[])
    value = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  return value;
}

function set(object: KubeObject, path: readonly PathStep[], value: JsonValue): void {
  let at = object as unknown as JsonObject;
  for (const step of path.slice(0, -1)) {
    const below = Object.hasOwn(at, step) ? at[step] : undefined;
    at = isJsonObject(below) ? below : define(at, step, {});
  }
  define(at, path.at(-1) ?? '', value);
}

/** Assigns an own property, also for the name `__proto__`. */
function define<Value extends JsonValue>(object: JsonObject, name: PathStep, value: Value): Value {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  return value;
}

function unset(object: KubeObject, path: readonly PathStep[]): void {
  const [first, ...rest] = path;
  const at = object as unknown as JsonObject;
  const below = first === undefined ? undefined : at[first];
  if (first === undefined) return;
  if (rest.length === 0) delete at[first];
  else if (isJsonObject(below)) {
    unset(below as unknown as KubeObject, rest);
    if (Object.keys(below).length === 0 && first !== 'metadata') delete at[first];
  }
}
