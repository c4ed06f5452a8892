import { type KubeObject, namespacedName, parseApiVersion, refOf } from '@typekro/kit/core';
import { asObjects, asText } from '@typekro/kit/kubernetes';
import type { Graph } from '@typekro/engine/graph';
import { CrdSchema } from '@typekro/engine/schema';
import type { HandBackFinding } from './annotation-findings.ts';

/** The maximum number of instances that a finding names. */
const MAX_NAMED = 5;

/**
 * Finds the versions of an API that kro does not know, and the instances that clients have written in them. kro ignores
 * `versions` of a definition. It compares only CRDs of one version, so it refuses the CRD that the definition has now.
 *
 * @param live the CRD of the definition in the cluster
 */
export function versionFindings(
  definition: KubeObject,
  { instance }: Graph,
  live: KubeObject | undefined,
  instances: readonly KubeObject[],
): HandBackFinding[] {
  const others = CrdSchema.facts(instance.crd).filter(({ storage }) => !storage);
  if (others.length === 0) return [];
  const object = refOf(definition);
  const names = others.map(({ name }) => name).join(', ');
  const isConverted = live !== undefined && CrdSchema.versions(live).length > 1;
  const effect = isConverted
    ? `kro refuses the CRD, which has several versions, and works on none of its instances; requests in ${names} fail, because no controller converts the objects`
    : `clients can use only ${instance.version}`;
  return [
    { object, problem: `kro ignores versions, and knows only ${instance.version}, not ${names}`, effect },
    ...others.flatMap(({ name }) => {
      const used = instances.flatMap((each) => managersIn(each, name));
      if (used.length === 0) return [];
      const named = used.slice(0, MAX_NAMED).join(', ');
      const more = used.length > MAX_NAMED ? `, and ${used.length - MAX_NAMED} more` : '';
      const problem = `instances were written in ${name}: ${named}${more}`;
      return [{ object, problem, effect: `these clients lose ${name}; move them to ${instance.version} first` }];
    }),
  ];
}

/** An instance with the field managers that wrote it in a version; empty when there are none. */
function managersIn(instance: KubeObject, version: string): string[] {
  const entries = asObjects(instance.metadata['managedFields']);
  const managers = entries.flatMap(({ apiVersion, manager }) =>
    parseApiVersion(asText(apiVersion)).version === version ? [asText(manager)] : [],
  );
  return managers.length === 0
    ? []
    : [`${namespacedName(instance.metadata)} by ${[...new Set(managers)].join(' and ')}`];
}
