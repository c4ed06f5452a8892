import type { JsonObject } from '../../core/index.ts';
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldRequired } from '../http/problems.ts';
import type { FieldProblem } from '../http/status.ts';
import { parseQuantity } from '../types/quantity.ts';
import { dnsSubdomain } from './names.ts';
import { listAt, objectAt, textAt } from './parts.ts';
import { validateSelector } from './selectors.ts';

/** The ways in which a volume may be used. */
const ACCESS_MODES: readonly string[] = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

/** Checks the ways in which a claim or a volume is used; `whenEmpty` says more of missing ones. */
export function validateAccessModes(spec: JsonObject, path: string, problems: FieldProblem[], whenEmpty: string): void {
  const modes = listAt(spec, 'accessModes');
  if (modes.length === 0) problems.push(fieldRequired(`${path}.accessModes`, whenEmpty));
  for (const mode of modes)
    if (!ACCESS_MODES.includes(String(mode)))
      problems.push(fieldNotSupported(`${path}.accessModes`, mode, ACCESS_MODES));
  if (modes.includes('ReadWriteOncePod') && modes.length > 1)
    problems.push(fieldForbidden(`${path}.accessModes`, 'may not use ReadWriteOncePod with other access modes'));
}

/** Checks what a claim asks for. */
export function validateClaimSpec(spec: JsonObject, path: string, problems: FieldProblem[]): void {
  validateAccessModes(spec, path, problems, 'at least 1 access mode is required');
  const storage = objectAt(objectAt(spec, 'resources'), 'requests')['storage'];
  if (storage === undefined) problems.push(fieldRequired(`${path}.resources[storage]`));
  else if ((parseQuantity(String(storage))?.value ?? 0n) <= 0n)
    problems.push(fieldInvalid(`${path}.resources[storage]`, storage, 'must be greater than zero'));
  validateSelector(objectAt(spec, 'selector'), `${path}.selector`, problems);
  for (const key of ['storageClassName', 'volumeAttributesClassName']) {
    const name = textAt(spec, key);
    if (name !== '') for (const text of dnsSubdomain(name)) problems.push(fieldInvalid(`${path}.${key}`, name, text));
  }
  const mode = textAt(spec, 'volumeMode');
  if (mode !== '' && !['Block', 'Filesystem'].includes(mode))
    problems.push(fieldNotSupported(`${path}.volumeMode`, mode, ['Block', 'Filesystem']));
}
