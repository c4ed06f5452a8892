import type { Linked } from '../link-resources.ts';
import type { Problems } from '../problems.ts';

/**
 * Decides which resources of unknown kinds wait for their kind: those with `optional: true`, and those whose
 * `includeWhen` reads another resource, which may install the kind. Refuses all other resources of unknown kinds, so
 * that a misspelled kind is still an error. Returns true if any resource may wait for its kind, even if this kind is
 * known now.
 */
export function deferKinds(linked: readonly Linked[], problems: Problems): boolean {
  const ids = new Set(linked.map(({ draft }) => draft.id));
  let mayWait = false;
  for (const { draft, includeWhen } of linked) {
    const { unknownKind, block } = draft;
    const readsAnother = includeWhen.some((each) => each.ids.some((id) => id !== draft.id && ids.has(id)));
    const isEligible = block.template !== undefined && (block.optional === true || readsAnother);
    mayWait ||= isEligible;
    if (unknownKind === undefined || isEligible) continue;
    const { kro, field, ok: _ok, ...problem } = unknownKind;
    problems.error({
      ...problem,
      phase: 'resource',
      place: { path: [...block.path, 'template', field] },
      kro: `failed to build resource "${block.id}": ${kro}`,
    });
  }
  return mayWait;
}
