import { ALLOW_BREAKING_CHANGES, compareInstanceCrds } from '../../graph/index.ts';
import type { Diagnostic, KubeObject } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import { fieldOfChange } from '../../schema/index.ts';
import type { InputObject } from './load-inputs.ts';
import { inputPosition } from './input-position.ts';

/**
 * The breaking changes, with their fields, that a controller refuses because the kind already has another schema. Empty
 * when the definition's annotation allows them.
 *
 * @param known the CRDs of the cluster and of `--crds`
 */
export function breakingChanges(input: InputObject, graph: Graph, known: readonly KubeObject[]): Diagnostic[] {
  const { crd } = graph.instance;
  const before = known.find(({ metadata }) => metadata.name === crd.metadata.name);
  if (before === undefined || input.object.metadata.annotations?.[ALLOW_BREAKING_CHANGES] === 'true') return [];
  const compared = compareInstanceCrds(before, crd, undefined, graph);
  return ('error' in compared ? [] : compared.breaking).map((change) => {
    const field = fieldOfChange(change);
    const steps = field.split('.').map((name) => name.replaceAll('[]', ''));
    const source = inputPosition(input, ['spec', 'schema', ...steps], true);
    return {
      code: 'input/breaking-change',
      severity: 'error',
      message: `the CustomResourceDefinition ${crd.metadata.name} has another schema, and instances may not survive the change of ${field}: ${change.description}`,
      path: `spec.schema.${field}`,
      hint: `keep the field as it was, give the definition another version, or allow the change with the annotation ${ALLOW_BREAKING_CHANGES}: "true"`,
      ...(source === undefined ? {} : { source }),
    };
  });
}
