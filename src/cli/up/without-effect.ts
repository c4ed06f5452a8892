import { parseApiVersion } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import { typedNodes } from '../../graph/index.ts';
import { describeInputPlace } from './check-inputs.ts';
import type { InputObject } from './load-inputs.ts';

/** Kinds that the embedded cluster only validates and stores. */
const STORED_ONLY: ReadonlySet<string> = new Set([
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
]);

/**
 * The warnings about objects of the files, and about objects of definitions, that have no effect in the embedded
 * cluster.
 */
export function withoutEffect(objects: readonly InputObject[], graphs: readonly Graph[]): readonly string[] {
  const given = objects
    .filter(({ object: { apiVersion, kind } }) => isStoredOnly(parseApiVersion(apiVersion).group, kind))
    .map((input) => `${describeInputPlace(input)}: ${input.object.kind} ${input.object.metadata.name ?? ''}`);
  const made = graphs.flatMap(({ name, nodes }) =>
    typedNodes({ nodes })
      .filter(({ type }) => isStoredOnly(type.group, type.kind))
      .map(({ id, type }) => `${type.kind} "${id}" of ${name}`),
  );
  return [...given, ...made].map(
    (what) =>
      `warning: ${what} is stored and has no effect in this cluster, as if it were not there\n  hint: try it on a cluster with a real API server`,
  );
}

function isStoredOnly(group: string, kind: string): boolean {
  return group === 'admissionregistration.k8s.io' && STORED_ONLY.has(kind);
}
