import { type JsonValue, type KubeObject, jsonEquals } from '@typekro/kit/core';
import { apiFailure, requestApply } from '@typekro/controller/execute';
import { type KubernetesApi, KubeError } from '@typekro/kube';
import { type ApplyAction, FieldWriter, Fingerprint, ObjectKey, ObjectTarget } from '@typekro/engine/runtime';
import type { KnownFailure } from './direct-run.ts';

/** The maximum number of writes that are tried. All other writes count as changes. */
const MAX_TRIED = 20;

/** The findings of dry runs about writes. */
export interface TriedWrites {
  /** The keys (`actionKey`) of the writes without an effect. */
  readonly settled: ReadonlySet<string>;
  /** The writes of fields that another manager owns, and that the controller does not take over. */
  readonly conflicts: readonly KnownFailure[];
}

/**
 * The key of an apply: its object and its field manager. Only writes of a Graph differ in the manager, because all
 * children of instances share one manager.
 */
export function actionKey({ target, manager, subresource }: ApplyAction): string {
  return ObjectKey.ofWrite(
    target,
    manager === undefined ? undefined : FieldWriter.nameOf(FieldWriter.of(manager, subresource)),
  );
}

/**
 * Tries writes by dry runs on the server, with its defaults and webhooks. A write has no effect when the response
 * equals the live object. Creations and adoptions always count as changes, and are not tried. Adoptions by a patch node
 * are an exception: they are tried to find conflicts. When a dry run fails, the write counts as a change. However, a
 * field conflict of a patch node's write is added to `conflicts`.
 */
export async function tryWrites(
  api: KubernetesApi,
  actions: readonly ApplyAction[],
  signal: AbortSignal,
): Promise<TriedWrites> {
  const settled = new Set<string>();
  const conflicts: KnownFailure[] = [];
  const due = actions.filter(({ why, uid, force }) => uid !== undefined && (why !== 'adopt' || isPatch(force)));
  await Promise.all(
    due.slice(0, MAX_TRIED).map(async (action) => {
      const { target, fingerprint, uid, manager = '', subresource, version } = action;
      try {
        const [live, answer] = await Promise.all([
          api.find(ObjectTarget.refOf(target), { signal }),
          requestApply({ api, signal, effects: 'dry-run' }, action),
        ]);
        const isSame = live !== undefined && jsonEquals(contentOf(live), contentOf(answer));
        if (isSame && action.why !== 'adopt') settled.add(actionKey(action));
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
        const failure = apiFailure(error, undefined);
        if (failure.conflicts === undefined || !isPatch(action.force)) return;
        const attempt = { digest: Fingerprint.ofText(fingerprint), uid };
        const at = version === undefined ? {} : { conflictVersion: version };
        const failed = { ...attempt, ...at, failure, failures: 1, retryAt: Infinity };
        conflicts.push({ target, failed, writer: FieldWriter.nameOf(FieldWriter.of(manager, subresource)) });
      }
    }),
  );
  return { settled, conflicts };
}

/** Is this the `force` of a patch node? A patch node takes over no fields of other clients. */
const isPatch = (force: ApplyAction['force']): boolean => typeof force === 'object';

/** An object without the metadata that a write may change although the content stays the same. */
function contentOf({ metadata, ...rest }: KubeObject): JsonValue {
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...kept } = metadata;
  return { ...rest, metadata: kept };
}
