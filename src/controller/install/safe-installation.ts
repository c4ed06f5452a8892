import type { KubeObject } from '../../core/index.ts';
import { refOf } from '../../core/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import { crdNarrowings } from '../../schema/index.ts';

/** A CRD that is installed already and stays as it is. */
export interface KeptCrd {
  readonly name: string;
  /** What the one of this version would take away, by path. */
  readonly narrowings: readonly string[];
}

/** Which of the objects are to be applied, and which CRDs are to be left alone. */
export interface SafeInstallation {
  readonly apply: readonly KubeObject[];
  readonly kept: readonly KeptCrd[];
}

/**
 * Leaves out CRDs that would narrow the installed ones: stored objects of a newer version of kro, or of this project,
 * would lose fields or could no longer be written. What is installed is read once for each CRD; other objects are not
 * looked at. Every way that applies the CRDs of this project goes through here.
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
      const narrowings = installed === undefined ? [] : crdNarrowings(installed, object);
      if (narrowings.length > 0) kept.set(object, { name: object.metadata.name ?? '', narrowings });
    }),
  );
  return { apply: objects.filter((object) => !kept.has(object)), kept: [...kept.values()] };
}

/** Narrowings that are named before the rest is counted. */
const MAX_NAMED = 3;

/** One line for people about a CRD that was kept. */
export function keptText({ name, narrowings }: KeptCrd): string {
  const more = narrowings.length > MAX_NAMED ? `; and ${narrowings.length - MAX_NAMED} more` : '';
  const named = narrowings.slice(0, MAX_NAMED).join('; ');
  return `kept CustomResourceDefinition ${name}: the installed one is newer or wider; ours would narrow it (${named}${more})`;
}
