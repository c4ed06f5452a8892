import type { JsonObject } from '../../core/index.ts';
import { dnsSubdomain, listAt, objectAt, optionalAt, textAt } from '../../kubernetes/index.ts';
import { quantityOf } from '../../kubernetes/index.ts';
import {
  addInvalid,
  fieldForbidden,
  fieldInvalid,
  fieldNotSupported,
  fieldRequired,
} from '../errors/field-problems.ts';
import type { FieldError } from '../../kubernetes/index.ts';
import { validateSelector } from './selectors.ts';

/** The access modes of volumes. */
const ACCESS_MODES: readonly string[] = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

/** Checks the access modes of a claim or a volume. `whenEmpty` is the detail of the error for missing modes. */
export function validateAccessModes(spec: JsonObject, path: string, problems: FieldError[], whenEmpty: string): void {
  const modes = listAt(spec, 'accessModes');
  if (modes.length === 0) problems.push(fieldRequired(`${path}.accessModes`, whenEmpty));
  for (const mode of modes)
    if (!ACCESS_MODES.includes(String(mode)))
      problems.push(fieldNotSupported(`${path}.accessModes`, mode, ACCESS_MODES));
  if (modes.includes('ReadWriteOncePod') && modes.length > 1)
    problems.push(fieldForbidden(`${path}.accessModes`, 'may not use ReadWriteOncePod with other access modes'));
}

/**
 * Aligns `dataSource` and `dataSourceRef` of a claim. The older field, `dataSource`, allows only claims and snapshots.
 * Without `dataSourceRef`, a `dataSource` that has another kind or no name is dropped.
 */
export function alignSources(spec: JsonObject): void {
  const reference = optionalAt(spec, 'dataSourceRef');
  const source = optionalAt(spec, 'dataSource');
  if (reference === undefined && source !== undefined) {
    if (isClaimSource(source)) {
      source['apiGroup'] ??= null;
      spec['dataSourceRef'] = { ...source };
    } else delete spec['dataSource'];
  } else if (reference !== undefined && source === undefined && textAt(reference, 'namespace') === '') {
    reference['apiGroup'] ??= null;
    spec['dataSource'] = { ...reference };
  }
}

function isClaimSource(source: JsonObject): boolean {
  const [group, kind] = [textAt(source, 'apiGroup'), textAt(source, 'kind')];
  if (textAt(source, 'name') === '') return false;
  return group === ''
    ? kind === 'PersistentVolumeClaim'
    : group === 'snapshot.storage.k8s.io' && kind === 'VolumeSnapshot';
}

/** Checks the specification of a claim. */
export function validateClaimSpec(spec: JsonObject, path: string, problems: FieldError[]): void {
  validateAccessModes(spec, path, problems, 'at least 1 access mode is required');
  const storage = objectAt(objectAt(spec, 'resources'), 'requests')['storage'];
  if (storage === undefined) problems.push(fieldRequired(`${path}.resources[storage]`));
  else if ((quantityOf(storage)?.unscaled ?? 0n) <= 0n)
    problems.push(fieldInvalid(`${path}.resources[storage]`, storage, 'must be greater than zero'));
  validateSelector(objectAt(spec, 'selector'), `${path}.selector`, problems);
  for (const key of ['storageClassName', 'volumeAttributesClassName']) {
    const name = textAt(spec, key);
    if (name !== '') addInvalid(problems, `${path}.${key}`, name, dnsSubdomain(name));
  }
  const mode = textAt(spec, 'volumeMode');
  if (mode !== '' && !['Block', 'Filesystem'].includes(mode))
    problems.push(fieldNotSupported(`${path}.volumeMode`, mode, ['Block', 'Filesystem']));
}
