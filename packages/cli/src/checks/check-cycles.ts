import { type Diagnostic, grouped } from '@typekro/kit/core';
import { type KroCompatibility, isDefinition, Path } from '@typekro/engine/graph';
import { type InputObject, inputPosition } from '../inputs/load-inputs.ts';
import { type WrittenObject, at, manifestsOf } from '../inputs/manifest.ts';

/** The group and kind of a definition's instances. */
function kindOf({ object }: InputObject): string {
  const [group = 'kro.run', kind] = ['group', 'kind'].map((name) => at(object, 'spec', 'schema', name));
  return `${String(group)}/${String(kind)}`;
}

/** Does each instance create the object: one, and without a condition? */
function isAlwaysCreated({ input, base, external }: WrittenObject): boolean {
  const conditions = ['includeWhen', 'forEach'].map((name) => at(input.object, ...base.slice(0, -1), name));
  return !external && base.at(-1) === 'template' && conditions.every((each) => each === undefined);
}

/**
 * Warns about definitions whose instances create each other without a condition, so that each instance leads to more
 * instances, without an end. Reports each cycle once, at the template that closes it.
 */
export function checkCycles(inputs: readonly InputObject[], level: KroCompatibility): Diagnostic[] {
  const created = manifestsOf(
    inputs.filter(({ object }) => isDefinition(object)),
    level,
  ).filter(isAlwaysCreated);
  const byMaker = grouped(created, ({ input }) => kindOf(input));
  const [done, found] = [new Set<string>(), new Map<WrittenObject, readonly string[]>()];
  const visit = (kind: string, path: readonly string[]): void => {
    done.add(kind);
    for (const each of byMaker.get(kind) ?? []) {
      const made = `${each.group}/${each.kind}`;
      const start = [...path, kind].indexOf(made);
      if (start >= 0) found.set(each, [...path, kind].slice(start));
      else if (!done.has(made)) visit(made, [...path, kind]);
    }
  };
  for (const kind of byMaker.keys()) if (!done.has(kind)) visit(kind, []);
  return [...found].map(([{ input, base }, kinds]) => {
    const names = [...kinds, kinds[0] ?? ''].map((kind) => kind.slice(kind.indexOf('/') + 1));
    const message = `each instance leads to more instances, without an end: ${names.join(' creates ')}`;
    const source = inputPosition(input, base);
    return {
      code: 'input/endless-instances',
      severity: 'warning',
      message: source === undefined ? `${input.file}: ${message}` : message,
      path: Path.format(base),
      hint: 'give one of the resources a condition (includeWhen) that ends the chain',
      ...(source === undefined ? {} : { source }),
    };
  });
}
