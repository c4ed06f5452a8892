import { dnsLabel, listAt, qualifiedName } from '@typekro/kit/kubernetes';
import { type KubeObject, isJsonObject } from '@typekro/kit/core';
import type { Strategy } from './strategy.ts';
import { ensureAt } from '../types/parts.ts';
import { forbidden } from '../errors/api-error.ts';

/** The namespaces that cannot be deleted. */
const PERMANENT = new Set(['default', 'kube-system', 'kube-public']);

/**
 * The strategy of Namespace. A deleted namespace becomes Terminating. It is removed when neither its `spec` nor its
 * `metadata` has finalizers.
 */
export const namespaceStrategy: Partial<Strategy> = {
  validateName: (name) => (name.includes('.') ? ['must not contain dots'] : dnsLabel(name)),
  validate(object, problems) {
    for (const name of listAt(object.spec, 'finalizers').map(String)) {
      const wrong = qualifiedName(name);
      if (wrong.length === 0 && name !== 'kubernetes' && !name.includes('/'))
        wrong.push('name is neither a standard finalizer name nor is it fully qualified');
      problems.invalidFor('spec.finalizers', name, wrong);
    }
  },
  defaults(object) {
    const name = object.metadata.name ?? '';
    if (name !== '') object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': name };
  },
  prepareCreate(object) {
    const spec = ensureAt(object, 'spec');
    const finalizers = listAt(spec, 'finalizers');
    if (!finalizers.includes('kubernetes')) spec['finalizers'] = [...finalizers, 'kubernetes'];
    object.status = { phase: 'Active' };
    object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name ?? '' };
  },
  prepareUpdate(object, old, context) {
    if (context.subresource === '') {
      const finalizers = old.spec?.['finalizers'];
      const spec = ensureAt(object, 'spec');
      if (finalizers === undefined) delete spec['finalizers'];
      else spec['finalizers'] = finalizers;
    }
  },
  admitDelete({ metadata: { name = '' } }) {
    if (PERMANENT.has(name))
      throw forbidden({ group: '', plural: 'namespaces' }, name, 'this namespace may not be deleted');
  },
  /** Marks a deleted namespace as Terminating, or removes it when it has no finalizers. */
  terminate(draft, { timestamp, finalizers }) {
    if (!isHeldBySpec(draft) && (draft.metadata.finalizers ?? []).length === 0) return 'remove';
    if (draft.metadata.deletionTimestamp !== undefined && draft.status?.['phase'] === 'Terminating') return 'keep';
    draft.metadata.deletionTimestamp ??= timestamp;
    const collected = finalizers();
    if (collected.length > 0) draft.metadata.finalizers = [...collected];
    draft.status = { ...(isJsonObject(draft.status) ? draft.status : {}), phase: 'Terminating' };
    return 'store';
  },
  isHeld: isHeldBySpec,
};

/** Do finalizers in `spec` prevent the removal of the namespace? Only namespaces have finalizers in `spec`. */
function isHeldBySpec(namespace: KubeObject): boolean {
  const finalizers = namespace.spec?.['finalizers'];
  return Array.isArray(finalizers) && finalizers.length > 0;
}
