import type { KubeObject } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import { keys } from '@typekro/engine/runtime';

/**
 * Chooses the definition that serves an instance. Several definitions can declare one kind, but the controller serves
 * only one of them and refuses the others. A single candidate is chosen without a check. Among several candidates, the
 * label on the instance selects one. If that label is absent or names no candidate, the label on the CRD selects one.
 * If no label selects a candidate and only one is active, that one is chosen.
 *
 * @param candidates the definitions that declare the kind, at least one
 * @param instance the live instance; undefined when it does not exist yet
 * @param crd the CRD of the kind; undefined when it does not exist or may not be read
 * @returns `undefined` when neither a label nor the state selects one of several candidates
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
 * Does an instance belong to the definition with this name? The label on the instance decides. If it is absent, the
 * label on the CRD of the kind decides. When neither object has the label, the result is true, because no controller
 * has claimed the instance yet.
 */
export function isInstanceOf(definition: string, instance: KubeObject, crd: KubeObject | undefined): boolean {
  return (definitionLabel(instance) ?? definitionLabel(crd) ?? definition) === definition;
}

function definitionLabel(object: KubeObject | undefined): string | undefined {
  const labels = object?.metadata.labels ?? {};
  return Object.hasOwn(labels, LABEL) ? labels[LABEL] : undefined;
}

const LABEL = keys.DEFINITION_NAME_LABEL;

/** The sentence for an instance whose serving definition is not known. */
export function severalServe(candidates: readonly KubeObject[], kind: string): string {
  const names = candidates.map(({ metadata }) => metadata.name ?? '').sort();
  return `the definitions ${names.join(', ')} declare the kind ${kind}, and it is unknown which of them serves the instance`;
}
