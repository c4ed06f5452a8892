import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { objectAt } from '@typekro/kit/kubernetes';
import { keys } from '@typekro/engine/runtime';
import { yamlOf } from '@typekro/app/text';

/** The files to write for the CustomResourceDefinitions of a cluster. */
export interface PulledCrds {
  /** Maps the name of a file (`PLURAL.GROUP.yaml`) to its content. */
  readonly files: ReadonlyMap<string, string>;
  /**
   * The number of CustomResourceDefinitions that a kro controller made. They get no file, because
   * ResourceGraphDefinitions define their kinds.
   */
  readonly generated: number;
}

/** Matches a name that is safe as a file name. API servers accept only such names for a CustomResourceDefinition. */
const NAME = /^[a-z0-9][a-z0-9.-]*$/;

/**
 * Makes files for editors and checks, one per CustomResourceDefinition that was not made by a kro controller. A file
 * contains the name and the parts of the spec that describe the kind, without conversion webhooks and cluster state.
 *
 * @param group the API group of the kinds. By default, all groups
 */
export function pulledCrds(crds: readonly JsonValue[], group?: string): PulledCrds {
  const files = new Map<string, string>();
  let generated = 0;
  for (const crd of crds.filter(isJsonObject)) {
    const metadata = objectAt(crd, 'metadata');
    const spec = objectAt(crd, 'spec');
    const { name } = metadata;
    if (typeof name !== 'string' || !NAME.test(name) || (group !== undefined && spec['group'] !== group)) continue;
    if (objectAt(metadata, 'labels')[keys.OWNED_LABEL] === 'true') {
      generated += 1;
      continue;
    }
    files.set(`${name}.yaml`, yamlOf(described(name, spec)));
  }
  return { files: new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1))), generated };
}

const described = (name: string, { group, scope, names, versions }: JsonObject): JsonObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name },
  spec: { group: group ?? '', scope: scope ?? '', names: names ?? {}, versions: versions ?? [] },
});
