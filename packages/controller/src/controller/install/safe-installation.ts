import { type KubeObject, refOf, listed } from '@typekro/kit/core';
import type { KubernetesApi } from '@typekro/kube';
import { CrdRules } from '@typekro/engine/schema';

/** An installed CRD that is not changed. */
export interface KeptCrd {
  readonly name: string;
  /** The paths that the CRD of this version would remove. */
  readonly narrowings: readonly string[];
}

/** The objects to apply, and the CRDs that are not applied. */
export interface SafeInstallation {
  readonly apply: readonly KubeObject[];
  readonly kept: readonly KeptCrd[];
}

/**
 * Leaves out the CRDs that would narrow installed ones. With a narrower CRD, stored objects of a newer version of kro
 * or of this project would lose fields, or could no longer be written. Reads each installed CRD once, and no other
 * objects. Every command that applies the CRDs of this project calls this function.
 */
export async function safeInstallation(
  api: Pick<KubernetesApi, 'find'>,
  objects: readonly KubeObject[],
  signal?: AbortSignal,
): Promise<SafeInstallation> {
  const kept = new Map<KubeObject, KeptCrd>();
  await Promise.all(
    objects.map(async (object) => {
      if (object.kind !== 'CustomResourceDefinition') return;
      const installed = await api.find(refOf(object), signal === undefined ? {} : { signal });
      const narrowings = installed === undefined ? [] : CrdRules.narrowings(installed, object);
      if (narrowings.length > 0) kept.set(object, { name: object.metadata.name ?? '', narrowings });
    }),
  );
  return { apply: objects.filter((object) => !kept.has(object)), kept: [...kept.values()] };
}

/** The maximum number of narrowings that the message names. The message counts the others. */
const MAX_NAMED_NARROWINGS = 3;

/** A line about a CRD that is not changed. */
export function keptText({ name, narrowings }: KeptCrd): string {
  const named = listed(narrowings, MAX_NAMED_NARROWINGS, '; ', '; ');
  return `the installed CustomResourceDefinition ${name} is not replaced, because the one of this TypeKro accepts less (${named})`;
}
