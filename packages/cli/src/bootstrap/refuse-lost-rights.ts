import { type ServiceAccountRef, AGGREGATION_LABEL, DEFINITION_KIND } from '@typekro/controller/controller';
import { type JsonObject, type KubeObject, TypeKroError } from '@typekro/kit/core';
import type { KubernetesApi } from '@typekro/kube';
import { objectsAt, ruleAllows } from '@typekro/kit/kubernetes';
import {
  type NeededRight,
  type Reading,
  definitionRights,
  listOrNone,
  readDefinitionRights,
  readingOrRefusal,
  reviewRights,
  rightsText,
} from '@typekro/app/doctor';
import { type ControllerDeployment, accountOfPod } from '@typekro/app/controllers';

/** A controller that replaces another controller. */
export interface Takeover {
  readonly kro: ControllerDeployment;
  /** The account of the new controller. */
  readonly account: ServiceAccountRef;
  /** The objects that are applied for the new controller. */
  readonly objects: readonly KubeObject[];
}

/**
 * Refuses a takeover when the definitions in the cluster need a right that kro's controller has and the new controller
 * lacks. Without these rights, the new controller would start and then fail at every instance.
 *
 * @returns a note when the rights could not be checked
 * @throws TypeKroError `bootstrap/missing-rights` with the missing rights of each definition
 */
export async function refuseLostRights(
  api: KubernetesApi,
  takeover: Takeover,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const read = await readingOrRefusal(() => findLostRights(api, takeover, signal));
  const found = 'value' in read ? read.value : read;
  if ('unread' in found) return [`the rights of the new controller were not checked: ${found.unread}`];
  if (found.value.length === 0) return [];
  const definitions = [...new Set(found.value.map(({ neededBy }) => neededBy))];
  const lines = definitions.map(
    (definition) => `${definition}: ${rightsText(found.value.filter(({ neededBy }) => neededBy === definition))}`,
  );
  const { namespace, name } = takeover.account;
  throw new TypeKroError(
    `the controller ${namespace}/${name} would not have rights that kro has:\n  ${lines.join('\n  ')}`,
    {
      code: 'bootstrap/missing-rights',
      remedy: `nothing was changed; grant the rights first: kubectl get rgd -o yaml > definitions.yaml, then typekro rbac definitions.yaml --controller ${namespace}/${name} | kubectl apply -f -; or install with --rbac unrestricted, the default of kro's chart (docs/takeover.md)`,
    },
  );
}

async function findLostRights(
  api: KubernetesApi,
  { kro, account, objects }: Takeover,
  signal: AbortSignal,
): Promise<Reading<readonly NeededRight[]>> {
  const definitions = await listOrNone(api, DEFINITION_KIND, signal);
  const compiled = await readDefinitionRights(api, definitions, signal);
  if ('unread' in compiled) return compiled;
  const roles = await listOrNone(api, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' }, signal);
  const granted = grantedRules(objects, roles);
  const isGranted = (right: NeededRight): boolean =>
    right.account === right.controller && granted.some((rule) => allowsRight(rule, right));
  const open = unique(definitionRights(account, compiled.value)).filter((right) => !isGranted(right));
  const missing = (await reviewRights(api, open, signal)).filter(({ allowed }) => !allowed);
  const { namespace, name } = accountOfPod(kro);
  const former = missing.map((right) => ({ ...right, account: `${namespace}/${name}` }));
  const had = await reviewRights(api, former, signal);
  return { value: missing.filter((_, index) => had[index]?.allowed === true) };
}

/**
 * The rules that the controller has after the installation: the rules of its own ClusterRoles, and the rules of the
 * ClusterRoles in the cluster that its role aggregates.
 */
export function grantedRules(objects: readonly KubeObject[], roles: readonly KubeObject[]): readonly JsonObject[] {
  const own = objects.filter(({ kind }) => kind === 'ClusterRole');
  const aggregates = own.some((role) => role['aggregationRule'] !== undefined);
  const added = aggregates ? roles.filter(({ metadata }) => metadata.labels?.[AGGREGATION_LABEL] === 'true') : [];
  return [...own, ...added].flatMap((role) => objectsAt(role, 'rules'));
}

/** Does the rule of a ClusterRole allow the right? */
function allowsRight(rule: JsonObject, { verb, group, resource: full, name = '' }: NeededRight): boolean {
  const [resource = '', subresource = ''] = full.split('/');
  return ruleAllows(rule, { verb, group, resource, subresource, name });
}

/** The rights without duplicates. */
const unique = (rights: readonly NeededRight[]): readonly NeededRight[] => [
  ...new Map(rights.map((right) => [JSON.stringify(right), right])).values(),
];
