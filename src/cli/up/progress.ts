import type { KubeObject } from '../../core/index.ts';
import type { DefinitionSummary, InspectSource, InstanceReport } from '../../inspect/index.ts';
import { instanceRef } from '../../inspect/index.ts';
import type { InstanceView } from './view.ts';

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
  const { name = '', namespace } = object.metadata;
  const { apiVersion, kind } = object;
  return source.report(instanceRef({ apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) }));
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
