import type { KubeObject } from '@typekro/kit/core';
import type { DefinitionSummary, InspectSource, InstanceReport, InstanceSummary } from '@typekro/controller/inspect';
import { instanceRef } from '@typekro/controller/inspect';
import type { Condition, NodeReport } from '@typekro/engine/runtime';
import { type InstanceView, suspensionText } from '@typekro/app/instance';

/**
 * When a definition is deleted, the controller first drops the reports of its instances, and later the definition. This
 * constant is the maximum time between these two events, in milliseconds.
 */
const DEFINITION_MS = 1000;

/**
 * Follows the user's instances in the controller's reports. A deleted instance is shown as `deleted`. An instance whose
 * definition is deleted is shown as `unmanaged`. All other instances are listed after the user's instances.
 */
export class Progress {
  readonly #instances: readonly KubeObject[];
  readonly #source: InspectSource;
  readonly #now: () => number;
  /** The last report of each instance that was seen. */
  readonly #seen = new Map<string, InstanceReport>();
  /** The last report of each ACTIVE instance, by its summary, which each step of the instance replaces. */
  readonly #active = new WeakMap<InstanceSummary, InstanceReport>();
  /** The times when the reports of known instances disappeared, in milliseconds. */
  readonly #goneSince = new Map<string, number>();

  /** @param now returns the time in milliseconds */
  constructor(instances: readonly KubeObject[], source: InspectSource, now: () => number = Date.now) {
    this.#now = now;
    this.#instances = instances;
    this.#source = source;
  }

  views(): InstanceView[] {
    const summaries = this.#source.instances();
    const byRef = new Map(summaries.map((summary) => [summary.ref, summary]));
    const own = this.#instances.map((object) => {
      const ref = refOfObject(object);
      const report = this.#reportOf(ref, byRef.get(ref));
      const view = viewOf(object, report);
      if (report !== undefined) {
        this.#seen.set(ref, report);
        this.#goneSince.delete(ref);
      }
      const last = this.#seen.get(ref);
      return report !== undefined || last === undefined ? view : this.#gone(object, last);
    });
    const known = new Set(this.#instances.map(refOfObject));
    const others = summaries.filter(({ ref }) => !known.has(ref));
    return [...own, ...others.map((each) => otherView(each, this.#reportOf(each.ref, each)))];
  }

  /** Has an instance disappeared so recently that it is not known yet whether its definition is also deleted? */
  get isUndecided(): boolean {
    return [...this.#goneSince.values()].some((since) => this.#now() - since < DEFINITION_MS);
  }

  /** The report of an instance. The source decides about an ACTIVE instance again for each report that it makes. */
  #reportOf(ref: string, summary: InstanceSummary | undefined): InstanceReport | undefined {
    const known = summary && this.#active.get(summary);
    if (known !== undefined) return known;
    const report = this.#source.report(ref);
    if (summary?.state === 'ACTIVE' && report?.nodes.every(isDone) === true) this.#active.set(summary, report);
    return report;
  }

  /** The view of an instance whose report has disappeared. */
  #gone(object: KubeObject, last: InstanceReport): InstanceView {
    const { ref, definition, state } = last;
    const since = this.#goneSince.get(ref) ?? this.#now();
    this.#goneSince.set(ref, since);
    const view = viewOf(object, undefined);
    if (state === 'DELETING') return { ...view, state: 'deleted' };
    if (this.#source.definitions().some(({ name }) => name === definition)) {
      // The controller may still drop the definition. During the first `DEFINITION_MS`, it is therefore not known
      // whether only the instance was deleted.
      return this.#now() - since < DEFINITION_MS ? viewOf(object, last) : { ...view, state: 'deleted' };
    }
    return {
      ...view,
      state: 'unmanaged',
      message:
        `its definition ${definition} is deleted: the instance and its objects stay as they are, and no controller manages ` +
        'them; apply the definition again to continue',
    };
  }
}

const isDone = ({ state }: NodeReport): boolean => state === 'ready' || state === 'skipped';

function otherView(summary: InstanceSummary, report: InstanceReport | undefined): InstanceView {
  const { kind, name, namespace, state, ref } = summary;
  return { ref, kind, name, namespace: namespace ?? '', state, nodes: report?.nodes ?? [] };
}

/** Returns the views of the user's instances, from the controller's reports. */
export function viewsOf(instances: readonly KubeObject[], source: InspectSource): InstanceView[] {
  return instances.map((object) => viewOf(object, progressReport(object, source)));
}

function viewOf(object: KubeObject, report: InstanceReport | undefined): InstanceView {
  const message = report === undefined ? undefined : problemOf(report);
  return {
    ref: refOfObject(object),
    kind: object.kind,
    name: object.metadata.name ?? '',
    namespace: report?.namespace ?? object.metadata.namespace ?? '',
    state: report?.state ?? '',
    nodes: report?.nodes ?? [],
    ...(message === undefined ? {} : { message }),
  };
}

/**
 * The conditions that are False when the controller has no graph: `GraphResolved` of an instance, `Accepted` of a
 * Graph.
 */
const UNRESOLVED: ReadonlySet<string> = new Set(['GraphResolved', 'Accepted']);

/** Returns the problem of an instance as a whole: the controller has no graph for it, or it is suspended. */
function problemOf(report: InstanceReport): string | undefined {
  const { conditions, state } = report;
  const unresolved = conditions.find(({ type, status }) => UNRESOLVED.has(type) && status === 'False');
  if (unresolved !== undefined) return unresolved.message;
  const isSuspended = conditions.some(({ reason }) => reason === 'ReconciliationSuspended');
  return isSuspended && state !== 'DELETING' ? suspensionText(report) : undefined;
}

/** Returns the controller's report about an object that the user applied. */
export function progressReport(object: KubeObject, source: InspectSource): InstanceReport | undefined {
  return source.report(refOfObject(object));
}

function refOfObject({ apiVersion, kind, metadata }: KubeObject): string {
  const { name = '', namespace } = metadata;
  return instanceRef({ apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) });
}

/** Failures that usually last until the definition or the instance changes. */
const LASTING: ReadonlySet<NodeReport['because']['kind']> = new Set([
  'duplicate-target',
  'identity-collision',
  'outside-namespace',
  'collection-too-large',
  'invalid-object',
]);

/** The status codes (400 and 422) with which the server refuses the object's content. */
const REFUSED: ReadonlySet<number> = new Set([400, 422]);

/**
 * Matches the message about a port or address that another object uses. The server also refuses such an object with
 * 422, but the port or address becomes free when the other object is deleted.
 */
const TAKEN = /\b(?:already allocated|already in use)\b/;

/** Does an expression read only the instance? A name that can be a loop variable counts as another source. */
function readsInstanceOnly(cel: string): boolean {
  const code = cel.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""');
  return [...code.matchAll(/(?<![\w.?])([A-Za-z_]\w*)(?!\s*\()/g)].every(([, name]) => name === 'schema');
}

/** Does the node need a change by the user to become ready? */
export function isRefusedForGood({ state, because }: NodeReport): boolean {
  // A value that is missing in the instance itself appears only after the user changes the instance.
  if (because.kind === 'missing-data') return state === 'pending' && because.nodes.length === 0;
  if (state !== 'failed') return false;
  if (because.kind === 'expression-failed') return readsInstanceOnly(because.expression);
  if (because.kind !== 'write-failed') return LASTING.has(because.kind);
  const { code, message } = because.failure;
  return REFUSED.has(code) && !TAKEN.test(message);
}

/** Is every instance ACTIVE with every node ready or skipped? */
export function allActive(views: readonly InstanceView[]): boolean {
  return views.every(({ state, nodes }) => state === 'ACTIVE' && nodes.every(isDone));
}

/**
 * Is a condition about the applied generation? With `--keep`, the cluster can still have conditions about an earlier
 * generation. A condition without a generation counts as current.
 */
function isCurrent({ observedGeneration }: Condition, { metadata: { generation = 0 } }: KubeObject): boolean {
  return observedGeneration === undefined || observedGeneration >= generation;
}

/** Are all conditions about the applied generation or a later one? True for an instance without conditions. */
export function allCurrent(applied: readonly KubeObject[], source: InspectSource): boolean {
  return applied.every((object) => {
    const { conditions = [] } = progressReport(object, source) ?? {};
    return conditions.every((condition) => isCurrent(condition, object));
  });
}

/**
 * The controller's result for the applied generation of a definition: `Active`, the reason of a refusal, or `undefined`
 * while there is no result yet.
 */
export function answerTo(
  applied: KubeObject,
  definitions: readonly DefinitionSummary[],
): 'Active' | { readonly name: string; readonly message: string } | undefined {
  const found = definitions.find(({ name, uid }) => name === applied.metadata.name && uid === applied.metadata.uid);
  const current = found?.conditions.filter((condition) => isCurrent(condition, applied)) ?? [];
  if (found?.state === 'Active') return current.some(({ type }) => type === 'Ready') ? 'Active' : undefined;
  const refused = current.find(({ status, type }) => status === 'False' && type !== 'Ready');
  return refused && { name: applied.metadata.name ?? '', message: refused.message ?? refused.reason ?? '' };
}
