import { definedMembers, typeMetaOf, TypeKroError } from '@typekro/kit/core';
import { settingsOfRecord } from '../controllers/controller-settings.ts';
import type { PlanTarget } from './planning.ts';
import { type RulesServer, openRulesServer } from './simulation/rules-server.ts';
import { type SnapshotKind, parseSnapshot } from './snapshot-file.ts';

/**
 * Opens an embedded API server with the objects in the text of a snapshot. Throws `TypeKroError` `snapshot/unreadable`
 * when the text is not a usable snapshot.
 */
export async function snapshotTarget(text: string, file: string): Promise<PlanTarget & AsyncDisposable> {
  const { kinds, source, namespace, salt, limits, controller } = parseSnapshot(text, file);
  const rules = await openReadable(kinds).catch((cause: unknown) => {
    throw new TypeKroError(`${file} is damaged: an API server refuses its objects: ${(cause as Error).message}`, {
      code: 'snapshot/unreadable',
      remedy: 'take the snapshot again: typekro snapshot FILE',
      cause,
    });
  });
  const { version: _version, ...from } = source;
  return {
    api: rules.api,
    source: { ...from, kind: 'snapshot', name: file, ...definedMembers({ version: source.version }) },
    readAt: source.readAt,
    namespace,
    checkedBy: 'rules',
    salt,
    limits,
    ...(controller === undefined ? {} : { settings: settingsOfRecord(controller) }),
    [Symbol.asyncDispose]: () => rules.close(),
  };
}

/** Opens a rules server. Throws when the server fails to list a kind, for example because its CRD is damaged. */
async function openReadable(kinds: readonly SnapshotKind[]): Promise<RulesServer> {
  const rules = await openRulesServer(kinds);
  for (const { type } of kinds) {
    try {
      await rules.api.list(typeMetaOf(type), { limit: 1 });
    } catch (error) {
      // Other errors do not come from the objects: the server does not have the aggregated kinds of the cluster.
      if (!(error instanceof TypeKroError) || error.code !== 'kube/internal-error') continue;
      await rules.close();
      const place = [type.kind, type.group].filter((each) => each !== '').join('.');
      throw new Error(`it cannot list its objects of ${place}: ${error.message}`, { cause: error });
    }
  }
  return rules;
}
