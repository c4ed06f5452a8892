import type { JsonValue, KubeObject } from '../core/index.ts';
import { jsonEquals } from '../core/index.ts';
import type { KubernetesApi } from '../kube/index.ts';
import { KubeError } from '../kube/index.ts';
import type { ApplyAction } from '../runtime/index.ts';
import { keys, refOfTarget, targetKey } from '../runtime/index.ts';

/** The maximum number of writes that are tried. Further writes count as changes. */
const MAX_TRIED = 20;

/**
 * The keys of the targets whose writes would have no effect. A dry run on the server, with its defaults and webhooks,
 * returns the live object for such a write. A write whose dry run fails counts as a change.
 */
export async function effectlessWrites(
  api: KubernetesApi,
  actions: readonly ApplyAction[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const differing = actions.filter(({ why, uid }) => uid !== undefined && (why === 'change' || why === 'drift'));
  const tried = await Promise.all(
    differing.slice(0, MAX_TRIED).map(async ({ target, desired }) => {
      try {
        const [live, answer] = await Promise.all([
          api.find(refOfTarget(target), { signal }),
          api.apply(desired, { fieldManager: keys.CHILD_MANAGER, force: true, dryRun: true, signal }),
        ]);
        return live !== undefined && jsonEquals(contentOf(live), contentOf(answer)) ? [targetKey(target)] : [];
      } catch (error) {
        if (error instanceof KubeError) return [];
        throw error;
      }
    }),
  );
  return new Set(tried.flat());
}

/** An object without the metadata that every write changes. */
function contentOf({ metadata, ...rest }: KubeObject): JsonValue {
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...kept } = metadata;
  return { ...rest, metadata: kept } as unknown as JsonValue;
}
