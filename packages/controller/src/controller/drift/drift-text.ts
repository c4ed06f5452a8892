import { count, formatRef } from '@typekro/kit/core';
import type { ApplyAction } from '@typekro/engine/runtime';
import { ObjectTarget } from '@typekro/engine/runtime';

/** The maximum number of fields that a message names. */
const MAX_NAMED_FIELDS = 10;

/**
 * Names the changed fields of a child and their managers, e.g. `ConfigMap v1 ns/a (node map): data.x changed by
 * kubectl-edit; the controller reverts the change`.
 */
export function driftText({ target, nodeId, differences = [], lastWriter }: ApplyAction): string {
  const where = `${formatRef(ObjectTarget.refOf(target))} (node ${nodeId})`;
  const byWriter = new Map<string, string[]>();
  for (const { path, managers } of differences.slice(0, MAX_NAMED_FIELDS)) {
    // A removed field has no managers.
    const writer = managers.join(', ') || (lastWriter ?? 'another client');
    byWriter.set(writer, [...(byWriter.get(writer) ?? []), path]);
  }
  if (byWriter.size === 0)
    return `${where} was changed by ${lastWriter ?? 'another client'}; the controller reverts the change`;
  const fields = [...byWriter].map(([writer, paths]) => `${paths.join(', ')} changed by ${writer}`);
  const unnamed = differences.length - MAX_NAMED_FIELDS;
  const more = unnamed > 0 ? `, and ${count(unnamed, 'more field')}` : '';
  return `${where}: ${fields.join('; ')}${more}; the controller reverts the change`;
}
