import { type Diagnostic, grouped } from '@typekro/kit/core';
import { inputPosition, type InputObject } from '@typekro/app/plan';
import { type KroCompatibility, isDefinition, Path } from '@typekro/engine/graph';
import { type WrittenObject, at, manifestsOf } from '../inputs/manifest.ts';

/** The group and kind of a definition's instances. */
export function definedKind({ object }: InputObject): string {
  const [group = 'kro.run', kind] = ['group', 'kind'].map((name) => at(object, 'spec', 'schema', name));
  return `${String(group)}/${String(kind)}`;
}

/** Does each instance create the object: one, and without a condition? */
function isAlwaysCreated({ input, base, external }: WrittenObject): boolean {
  const conditions = ['includeWhen', 'forEach'].map((name) => at(input.object, ...base.slice(0, -1), name));
  return !external && base.at(-1) === 'template' && conditions.every((each) => each === undefined);
}

/**
 * Returns kinds in the order in which their definitions can be compiled: each follows the kinds that it uses, except in
 * a cycle.
 *
 * @param onCycle receives the object that closes a cycle, and the kinds on the path from its kind to its definition
 */
export function kindsInOrder(
  kinds: Iterable<string>,
  usedBy: ReadonlyMap<string, readonly WrittenObject[]>,
  onCycle: (closing: WrittenObject, path: readonly string[], length: number) => void = () => undefined,
): string[] {
  const order: string[] = [];
  // The depth of each kind on the path; `undefined` after its kinds have been searched.
  const depths = new Map<string, number | undefined>();
  for (const root of kinds) {
    const path: { readonly kind: string; next: number }[] = [];
    const enter = (kind: string): void => {
      if (depths.has(kind)) return;
      depths.set(kind, path.length);
      path.push({ kind, next: 0 });
    };
    enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const used = usedBy.get(top.kind)?.[top.next];
      top.next += 1;
      const kind = `${used?.group}/${used?.kind}`;
      const start = depths.get(kind);
      if (used === undefined) {
        depths.set(top.kind, undefined);
        order.push(top.kind);
        path.pop();
      } else if (start === undefined) enter(kind);
      else
        onCycle(
          used,
          path.slice(start, start + MAX_SHOWN).map((each) => each.kind),
          path.length - start,
        );
    }
  }
  return order;
}

/** The maximum number of kinds of a cycle that a warning names. */
const MAX_SHOWN = 20;

/**
 * Warns about definitions whose instances create each other without a condition, so that each instance leads to more
 * instances, without an end. Reports each cycle once, at the template that closes it.
 */
export function checkCycles(inputs: readonly InputObject[], level: KroCompatibility): Diagnostic[] {
  const created = manifestsOf(
    inputs.filter(({ object }) => isDefinition(object)),
    level,
  ).filter(isAlwaysCreated);
  const byMaker = grouped(created, ({ input }) => definedKind(input));
  const found: Diagnostic[] = [];
  kindsInOrder(byMaker.keys(), byMaker, ({ input, base }, kinds, length) => {
    const names = [...kinds, kinds[0] ?? ''].map((kind) => kind.slice(kind.indexOf('/') + 1));
    if (length > kinds.length) names.splice(-1, 0, `… (${length - kinds.length} more kinds)`);
    const message = `each instance leads to more instances, without an end: ${names.join(' creates ')}`;
    const source = inputPosition(input, base);
    found.push({
      code: 'input/endless-instances',
      severity: 'warning',
      message: source === undefined ? `${input.file}: ${message}` : message,
      path: Path.format(base),
      hint: 'give one of the resources a condition (includeWhen) that ends the chain',
      ...(source === undefined ? {} : { source }),
    });
  });
  return found;
}
