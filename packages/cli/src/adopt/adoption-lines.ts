import { objectName, stringifyJson } from '@typekro/kit/core';
import { printableLine } from '../text/output-text.ts';
import type { AdoptedField, Adoption } from './adoption.ts';
import { SIGNS } from '../plan/printed/paint.ts';

/** Prints an adoption as lines: each object with its changed fields, then the other writes, then the blocked nodes. */
export function adoptionLines({ objects, blocked, others }: Adoption): string[] {
  const lines = objects.flatMap(({ instance, node, object, fields, owners, refusal }) => [
    printableLine(`~ ${objectName(object)} (${node}) becomes a child of ${objectName(instance)}`),
    ...owners.map(({ name }) => `    ! ${printableLine(`belongs to ${name}, which continues to write or delete it`)}`),
    ...(refusal === undefined ? [] : [`    ! ${printableLine(`refused: ${refusal}`)}`]),
    ...fields.map((field) => `    ${printableLine(fieldText(field))}`),
    ...(fields.length === 0 && refusal === undefined ? ['    its fields do not change'] : []),
  ]);
  return [
    ...(objects.length === 0 ? ['no existing object becomes a child of these instances'] : lines),
    ...others.map(({ object, node, action }) =>
      printableLine(`${SIGNS[action]} ${objectName(object)}${node === '' ? '' : ` (${node})`} ${action}`),
    ),
    ...blocked.map(({ instance, node, reason }) =>
      printableLine(`! ${objectName(instance)}${node === '' ? '' : ` (${node})`} ${reason}`),
    ),
  ];
}

function fieldText({ path, from, to, managers }: AdoptedField): string {
  const value = (each: AdoptedField['from']) => (each === undefined ? 'nothing' : stringifyJson(each));
  const loses = managers.length === 0 ? '' : `; ${managers.join(', ')} ${managers.length === 1 ? 'loses' : 'lose'} it`;
  return `${path}: ${value(from)} → ${value(to)}${loses}`;
}
