import { type JsonObject, type KubeObject, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { CLEANUP, readCrd } from '../crd/parsed-crd.ts';
import { optionalAt } from '@typekro/kit/kubernetes';
import type { MutableObject, Strategy } from './strategy.ts';

/** The port of a webhook's Service when the CRD names none. */
const DEFAULT_WEBHOOK_PORT = 443;

/** The strategy of CustomResourceDefinition. It completes names, records storage versions and checks schemas. */
export const crdStrategy: Partial<Strategy> = {
  defaults(object) {
    const spec = object.spec ?? (object.spec = {});
    const names = isJsonObject(spec['names']) ? spec['names'] : (spec['names'] = {});
    const kind = typeof names['kind'] === 'string' ? names['kind'] : '';
    if (kind !== '') {
      names['singular'] ??= kind.toLowerCase();
      names['listKind'] ??= `${kind}List`;
    }
    const conversion = (spec['conversion'] ??= { strategy: 'None' });
    const service = optionalAt(isJsonObject(conversion) ? conversion : undefined, 'webhook', 'clientConfig', 'service');
    if (service !== undefined) service['port'] ??= DEFAULT_WEBHOOK_PORT;
    if (typeof spec['scope'] === 'string' && spec['scope'] === '') delete spec['scope'];
  },
  prepareCreate(object) {
    rememberStorage(object, undefined);
  },
  prepareUpdate(object, old, context) {
    if (context.subresource === '') rememberStorage(object, old);
  },
  validate(object, problems, context, old) {
    if (context.subresource === '') context.schemas().validateDefinition(object, problems, old);
  },
  /** Adds the finalizer that keeps a deleted CRD until its custom resources are deleted. */
  terminate(draft, { timestamp, dryRun }) {
    if (draft.metadata.deletionTimestamp !== undefined || dryRun) return 'keep';
    draft.metadata.deletionTimestamp = timestamp;
    draft.metadata.finalizers = [...new Set([...(draft.metadata.finalizers ?? []), CLEANUP])];
    const conditions = draft.status?.['conditions'];
    const terminating = {
      type: 'Terminating',
      status: 'True',
      lastTransitionTime: timestamp,
      reason: 'InstanceDeletionPending',
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    };
    draft.status = {
      ...(isJsonObject(draft.status) ? draft.status : {}),
      conditions: [...(Array.isArray(conditions) ? conditions : []), terminating],
    };
    return 'store';
  },
};

function rememberStorage(object: MutableObject, old: KubeObject | undefined) {
  const storage = readCrd(object).versions.find((version) => version.storage)?.name;
  const status: JsonObject = isJsonObject(object.status) ? { ...object.status } : {};
  const before = old?.status?.['storedVersions'];
  const stored = Array.isArray(before) ? [...before] : [];
  if (storage !== undefined && !stored.some((entry) => jsonEquals(entry, storage))) stored.push(storage);
  if (old === undefined || !jsonEquals(stored, before))
    object.status = { ...status, storedVersions: stored.length === 0 ? null : stored };
}
