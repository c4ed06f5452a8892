import { type Graph, ALLOW_BREAKING_CHANGES, InstanceCrd } from '@typekro/engine/graph';
import { inputPosition, type InputObject } from '@typekro/app/plan';
import type { Diagnostic, KubeObject } from '@typekro/kit/core';
import type { ComparedFacets, SchemaChange } from '@typekro/engine/schema';

/**
 * Reports the changes of the CustomResourceDefinition that a controller refuses. These are breaking changes, unless the
 * definition's annotation allows them, and changes of a CRD that cannot be compared. The result is empty when the kind
 * is new.
 *
 * @param known the CRDs of the cluster and of `--crds`
 * @param facets the keywords that the controller compares in addition to those of kro 0.9
 */
export function breakingChanges(
  input: InputObject,
  graph: Graph,
  known: readonly KubeObject[],
  facets: ComparedFacets,
): Diagnostic[] {
  const { crd } = graph.instance;
  const name = crd.metadata.name ?? '';
  const before = known.find(({ metadata }) => metadata.name === name);
  if (before === undefined) return [];
  const compared = InstanceCrd.compare(before, crd, facets, graph);
  if ('error' in compared) {
    const hint = `change the CustomResourceDefinition in the cluster so that it has one version with a schema, or give the definition another kind`;
    const message = `a controller refuses to change the CustomResourceDefinition ${name}: ${compared.error}`;
    return [diagnosticAt(input, [], message, hint)];
  }
  if (input.object.metadata.annotations?.[ALLOW_BREAKING_CHANGES] === 'true') return [];
  return compared.breaking.map((change) => {
    const field = placeOfChange(change);
    return diagnosticAt(
      input,
      field === WHOLE ? [] : field.split('.'),
      `the CustomResourceDefinition ${name} has another schema, and the change of ${field} can break existing instances: ${change.description}`,
      `keep the field as it was, give the definition another kind, or allow the change with the annotation ${ALLOW_BREAKING_CHANGES}: "true"`,
    );
  });
}

/** The name of the root in results of `fieldOfChange`. */
const WHOLE = 'the object';

/** Returns the path below `spec.schema` where the author of the definition made the change. */
function placeOfChange(change: SchemaChange): string {
  const field = InstanceCrd.fieldOfChange(change);
  return field.startsWith('version') ? 'apiVersion' : field;
}

function diagnosticAt(input: InputObject, members: readonly string[], message: string, hint: string): Diagnostic {
  const steps = members.map((member) => member.replaceAll('[]', ''));
  const source = inputPosition(input, ['spec', 'schema', ...steps], true);
  return {
    code: 'input/breaking-change',
    severity: 'error',
    message,
    path: ['spec', 'schema', ...members].join('.'),
    hint,
    ...(source === undefined ? {} : { source }),
  };
}
