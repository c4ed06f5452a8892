import type { KubeObject } from '../../core/index.ts';
import { textAt } from '../../kubernetes/index.ts';
import { keys } from '../../runtime/index.ts';

/**
 * The definition that serves an instance, of those that declare its kind. Several may declare a kind, of which the
 * controller serves one and refuses the others: the label on the instance names it, else the label on the CRD; without
 * both it is the only active one.
 *
 * @param candidates the definitions that declare the kind, at least one
 * @param instance as it is in the cluster; absent: it is not there yet
 * @param crd of the kind; absent: it is not there, or may not be read
 * @returns `undefined` when nothing tells which of several candidates serves it
 */
export function servingDefinition(
  candidates: readonly KubeObject[],
  instance: KubeObject | undefined,
  crd: KubeObject | undefined,
): KubeObject | undefined {
  const [first, ...others] = candidates;
  if (others.length === 0) return first;
  for (const marked of [instance, crd]) {
    const owner = definitionLabel(marked);
    const named = owner === undefined ? undefined : candidates.find(({ metadata }) => metadata.name === owner);
    if (named !== undefined) return named;
  }
  const active = candidates.filter(({ status }) => textAt(status, 'state') === 'Active');
  return active.length === 1 ? active[0] : undefined;
}

/**
 * Does an instance belong to the definition of a name? The label on the instance tells, else the label on the CRD of its
 * kind. Without both it does: no controller has taken it yet.
 */
export function isInstanceOf(definition: string, instance: KubeObject, crd: KubeObject | undefined): boolean {
  return (definitionLabel(instance) ?? definitionLabel(crd) ?? definition) === definition;
}

function definitionLabel(object: KubeObject | undefined): string | undefined {
  const labels = object?.metadata.labels ?? {};
  return Object.hasOwn(labels, LABEL) ? labels[LABEL] : undefined;
}

const LABEL = keys.DEFINITION_NAME_LABEL;

/** That nothing tells which of several definitions serves an instance, in a sentence. */
export function severalServe(candidates: readonly KubeObject[], kind: string): string {
  const names = candidates.map(({ metadata }) => metadata.name ?? '').sort();
  return `the definitions ${names.join(', ')} declare the kind ${kind}, and nothing tells which of them serves the instance`;
}
