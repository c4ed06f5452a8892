import type { KubeObject } from '../../core/index.ts';
import { goQuote } from '../../golang/index.ts';

const STANDARD = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

/** Warnings about finalizers that a write adds to a custom resource without saying whose they are. */
export function finalizerWarnings(object: KubeObject, old: KubeObject | undefined): readonly string[] {
  const before = new Set(old?.metadata.finalizers ?? []);
  return [...new Set(object.metadata.finalizers ?? [])]
    .filter((name) => !before.has(name) && !name.includes('/') && !STANDARD.has(name))
    .toSorted()
    .map((name) => {
      const path = name.includes('.') ? ' including a path (/)' : '';
      return `metadata.finalizers: ${goQuote(name)}: prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`;
    });
}
