import type { KubeObject } from '../../core/index.ts';
import type { DefinitionSummary, InspectSource, InstanceReport, InstanceSummary } from '../../inspect/index.ts';
import { instanceRef } from '../../inspect/index.ts';
import type { NodeReport } from '../../runtime/index.ts';
import type { InstanceView } from './view.ts';

/**
 * What the user's instances are as the controller sees them, time after time: one that was there and is gone is shown
 * as deleted, and instances that others made are shown behind the user's.
 */
export class Progress {
  readonly #instances: readonly KubeObject[];
  readonly #source: InspectSource;
  readonly #seen = new Set<string>();

  constructor(instances: readonly KubeObject[], source: InspectSource) {
    this.#instances = instances;
    this.#source = source;
  }

  views(): InstanceView[] {
    const own = this.#instances.map((object) => {
      const ref = refOfObject(object);
      const view = viewOf(object, this.#source.report(ref));
      if (view.state !== '') this.#seen.add(ref);
      return view.state === '' && this.#seen.has(ref) ? { ...view, state: 'deleted' } : view;
    });
    const known = new Set(this.#instances.map(refOfObject));
    const others = this.#source.instances().filter(({ ref }) => !known.has(ref));
    return [...own, ...others.map((summary) => otherView(summary, this.#source.report(summary.ref)))];
  }
}

function otherView(
  { kind, name, namespace, state }: InstanceSummary,
  report: InstanceReport | undefined,
): InstanceView {
  return { kind, name, namespace: namespace ?? '', state, nodes: report?.nodes ?? [] };
}

/** What the user's instances are as the controller sees them. */
export function viewsOf(instances: readonly KubeObject[], source: InspectSource): InstanceView[] {
  return instances.map((object) => viewOf(object, reportOf(object, source)));
}

function viewOf(object: KubeObject, report: InstanceReport | undefined): InstanceView {
  const message = report === undefined ? undefined : problemOf(report);
  return {
    kind: object.kind,
    name: object.metadata.name ?? '',
    namespace: report?.namespace ?? object.metadata.namespace ?? '',
    state: report?.state ?? '',
    nodes: report?.nodes ?? [],
    ...(message === undefined ? {} : { message }),
  };
}

/** What keeps an instance from working that no node can show: its graph is not there. */
function problemOf(report: InstanceReport): string | undefined {
  const condition = report.conditions.find(({ type, status }) => type === 'GraphResolved' && status === 'False');
  return condition?.message;
}

/** The controller's report of an object that the user applied. */
export function reportOf(object: KubeObject, source: InspectSource): InstanceReport | undefined {
  return source.report(refOfObject(object));
}

function refOfObject({ apiVersion, kind, metadata }: KubeObject): string {
  const { name = '', namespace } = metadata;
  return instanceRef({ apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) });
}

/** Refusals that stay until somebody changes the definition or the instance: trying again gives the same answer. */
const LASTING: ReadonlySet<NodeReport['because']['kind']> = new Set([
  'duplicate-target',
  'identity-collision',
  'outside-namespace',
  'collection-too-large',
  'invalid-object',
]);

/** 400 and 422: the server refuses the object for what it says, not for what else there is. */
const REFUSED: ReadonlySet<number> = new Set([400, 422]);

/** Will the node stay as it is, whatever time passes? */
export function isRefusedForGood({ state, because }: NodeReport): boolean {
  if (state !== 'failed') return false;
  return because.kind === 'write-failed' ? REFUSED.has(because.failure.code) : LASTING.has(because.kind);
}

/** Is every instance ACTIVE with every node ready or skipped? */
export function allActive(views: readonly InstanceView[]): boolean {
  return views.every(
    ({ state, nodes }) =>
      state === 'ACTIVE' && nodes.every((node) => node.state === 'ready' || node.state === 'skipped'),
  );
}

/** The first definition that the controller refuses, with its reason. */
export function refusedDefinition(
  names: ReadonlySet<string>,
  definitions: readonly DefinitionSummary[],
): { readonly name: string; readonly message: string } | undefined {
  for (const { name, conditions, state } of definitions) {
    if (!names.has(name) || state === 'Active') continue;
    const refused = conditions.find(({ status, type }) => status === 'False' && type !== 'Ready');
    if (refused !== undefined) return { name, message: refused.message ?? refused.reason ?? '' };
  }
  return undefined;
}
