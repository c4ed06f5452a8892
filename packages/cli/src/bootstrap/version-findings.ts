import { type KubeObject, formatApiVersion, refOf } from '@typekro/kit/core';
import { writersIn } from '@typekro/app/instance';
import type { Graph } from '@typekro/engine/graph';
import { CrdSchema } from '@typekro/engine/schema';
import type { HandBackFinding } from './annotation-findings.ts';

/**
 * Finds the versions of an API that kro does not know, and the clients that have written instances in them. kro ignores
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
      const writers = writersIn(formatApiVersion({ group: instance.group, version: name }), instances);
      if (writers.length === 0) return [];
      const problem = `instances were written in ${name} by: ${writers.join(', ')}`;
      return [{ object, problem, effect: `these clients lose ${name}; move them to ${instance.version} first` }];
    }),
  ];
}
