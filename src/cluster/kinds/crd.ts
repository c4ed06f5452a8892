import type { JsonObject, KubeObject } from '../../core/index.ts';
import { isJsonObject, jsonEquals } from '../../core/index.ts';
import { readCrd } from '../crd/definition.ts';
import { schemas } from '../crd/schemas.ts';
import type { Draft, Strategy } from './strategy.ts';

/** CustomResourceDefinition: names are completed, storage versions remembered, schemas checked. */
export const crdStrategy: Partial<Strategy> = {
  defaults(object) {
    const spec = object.spec ?? (object.spec = {});
    const names = isJsonObject(spec['names']) ? spec['names'] : (spec['names'] = {});
    const kind = typeof names['kind'] === 'string' ? names['kind'] : '';
    if (kind !== '') {
      names['singular'] ??= kind.toLowerCase();
      names['listKind'] ??= `${kind}List`;
    }
    spec['conversion'] ??= { strategy: 'None' };
    if (typeof spec['scope'] === 'string' && spec['scope'] === '') delete spec['scope'];
  },
  prepareCreate(object) {
    rememberStorage(object, undefined);
  },
  prepareUpdate(object, old, context) {
    if (context.subresource === '') rememberStorage(object, old);
  },
  validate: (object, problems) => schemas().validateDefinition(object, problems),
  validateUpdate(object, old, problems, context) {
    if (context.subresource !== '') return;
    schemas().validateDefinition(object, problems, old);
  },
};

function rememberStorage(object: Draft, old: KubeObject | undefined) {
  const storage = readCrd(object).versions.find((version) => version.storage)?.name;
  const status: JsonObject = isJsonObject(object.status) ? { ...object.status } : {};
  const before = old?.status?.['storedVersions'];
  const stored = Array.isArray(before) ? [...before] : [];
  if (storage !== undefined && !stored.some((entry) => jsonEquals(entry, storage))) stored.push(storage);
  if (old === undefined || !jsonEquals(stored, before))
    object.status = { ...status, storedVersions: stored.length === 0 ? null : stored };
}
