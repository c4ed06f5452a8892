import { type JsonObject, type JsonValue, getOwn, isJsonObject, parseApiVersion } from '@typekro/kit/core';
import type { KroCompatibility } from '../kro-compatibility.ts';
import { compareNameTexts, nameText } from '../names/name-text.ts';
import type { Problems } from '../problems.ts';
import type { WrittenNode } from '../resource-draft.ts';

/** A workload, and the autoscaler of the same graph that sets its number of replicas. */
export interface ScaledWorkload {
  readonly workload: WrittenNode;
  readonly autoscaler: WrittenNode;
}

/** The groups of the autoscalers that write the scale subresource of their target, by kind. */
const AUTOSCALERS: Readonly<Record<string, string>> = {
  HorizontalPodAutoscaler: 'autoscaling',
  ScaledObject: 'keda.sh',
};

/** Is the template that of an autoscaler? */
export function isAutoscaler({ apiVersion, kind }: JsonObject): boolean {
  const group = typeof kind === 'string' ? getOwn(AUTOSCALERS, kind) : undefined;
  return group !== undefined && typeof apiVersion === 'string' && parseApiVersion(apiVersion).group === group;
}

/**
 * The workloads of a graph that an autoscaler of the same graph scales: a HorizontalPodAutoscaler, or a ScaledObject of
 * KEDA. The target must certainly have the name of the workload.
 */
export function scaledWorkloads(drafts: readonly WrittenNode[], level: KroCompatibility): ScaledWorkload[] {
  const own = drafts.filter(({ nodeType }) => nodeType === 'resource' || nodeType === 'collection');
  const autoscalers = own.filter(({ template }) => isAutoscaler(template));
  if (autoscalers.length === 0) return [];
  const names = new Map(own.map(({ id, template }) => [id, memberOf(template['metadata'], 'name')]));
  const textOf = (name: JsonValue | undefined) => nameText(name, (id) => names.get(id), level);
  return autoscalers.flatMap((autoscaler) => {
    const target = memberOf(autoscaler.template['spec'], 'scaleTargetRef');
    const { kind = 'Deployment', apiVersion = 'apps/v1' } = isJsonObject(target) ? target : {};
    const name = textOf(memberOf(target, 'name'));
    const isTarget = ({ id, template }: WrittenNode) => {
      const own = textOf(names.get(id));
      const isKind = template['kind'] === kind && template['apiVersion'] === apiVersion;
      return isKind && own !== undefined && name !== undefined && compareNameTexts(own, name) === 'equal';
    };
    return own.filter(isTarget).map((workload) => ({ workload, autoscaler }));
  });
}

/** Warns of a number of replicas that a template writes although an autoscaler of the graph sets it. */
export function warnAutoscalers(drafts: readonly WrittenNode[], level: KroCompatibility, problems: Problems): void {
  for (const { workload, autoscaler } of scaledWorkloads(drafts, level)) {
    const replicas = memberOf(workload.template['spec'], 'replicas');
    const { externalFields } = workload.block;
    const isExternal = Array.isArray(externalFields) && externalFields.includes('spec.replicas');
    const isLeftOut = typeof replicas === 'string' && replicas.includes('omit()');
    if (replicas === undefined || replicas === null || isExternal || isLeftOut) continue;
    if (areExclusive(workload, autoscaler)) continue;
    problems.warn({
      code: 'graph/replicas-of-autoscaler',
      message: `${autoscaler.id} scales ${workload.id}, and this template also writes the number of replicas: the two overwrite each other`,
      place: { path: [...workload.block.path, 'template', 'spec', 'replicas'], key: true },
      hint: `leave replicas out of ${workload.id}; ${autoscaler.id} keeps the number between its bounds`,
    });
  }
}

/** Does one resource have a condition that is the negation of a condition of the other? */
function areExclusive(a: WrittenNode, b: WrittenNode): boolean {
  const texts = ({ includeWhen }: WrittenNode) => includeWhen.map(({ text }) => text.cel.trim());
  const negates = (one: string, other: string) => one === `!${other}` || one === `!(${other})`;
  return texts(a).some((one) => texts(b).some((other) => negates(one, other) || negates(other, one)));
}

const memberOf = (value: JsonValue | undefined, name: string): JsonValue | undefined =>
  isJsonObject(value) ? getOwn(value, name) : undefined;
