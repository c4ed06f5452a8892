import type { Diagnostic, JsonValue } from '@typekro/kit/core';
import { type KroCompatibility, KroLevel } from '../kro-compatibility.ts';
import { isReservedWord } from '../names/naming.ts';
import { scanExpressions } from '../expressions/scan.ts';

/**
 * Adds a hint to each error that the other level of kro does not report. `level` is the other level, and `others` are
 * the diagnostics at the other level. If the other level reports an error of its own, no error gets a hint.
 */
export function withLevelHints(
  diagnostics: readonly Diagnostic[],
  others: readonly Diagnostic[],
  level: KroCompatibility,
): Diagnostic[] {
  const [own, known] = [errorPlaces(diagnostics), errorPlaces(others)];
  // The results cannot be compared if the other level reports an error that this level does not report. That error can
  // hide later errors of the other level, or be its form of an error of this level in the same string.
  if ([...known].some((place) => !own.has(place))) return [...diagnostics];
  return diagnostics.map((each) => {
    if (!isError(each) || known.has(placeOf(each))) return each;
    const accepted = `kro ${level} accepts this, and so does --kro-compatibility=${level}`;
    return { ...each, hint: each.hint === undefined ? accepted : `${each.hint}; ${accepted}` };
  });
}

const isError = ({ severity }: Diagnostic): boolean => severity === 'error';

const errorPlaces = (diagnostics: readonly Diagnostic[]): ReadonlySet<string> =>
  new Set(diagnostics.filter(isError).map(placeOf));

const placeOf = ({ code, path }: Diagnostic): string => `${code} ${path ?? ''}`;

/**
 * Can the errors of a definition depend on the level? True if any string of the definition (a value or a key) contains
 * different expressions at the two levels, or is a word that only one level reserves. The result may be true although
 * the errors are the same, because a reserved word counts even if it is not used as a name. The definition must not be
 * too deep (`tooDeep`).
 */
export function dependsOnLevel(definition: JsonValue): boolean {
  const values: JsonValue[] = [definition];
  for (let top = values.pop(); top !== undefined; top = values.pop()) {
    if (typeof top === 'string' && differsByLevel(top)) return true;
    if (typeof top !== 'object' || top === null) continue;
    for (const part of [...Object.keys(top), ...Object.values(top)]) if (part !== undefined) values.push(part);
  }
  return false;
}

const differsByLevel = (text: string): boolean => {
  const [first, ...others] = KroLevel.LEVELS.map((level) => meaningOf(text, level));
  return others.some((other) => other !== first);
};

/**
 * The expressions that a level finds in a string, as a comparable key. The positions of the expressions suffice as a
 * key: the rest of the string is literal at both levels.
 */
function meaningOf(text: string, level: KroCompatibility): string {
  if (!text.includes('${')) return String(isReservedWord(text, level));
  const scanned = scanExpressions(text, level);
  if (!scanned.ok) return `${scanned.problem} ${scanned.offset}`;
  const expressions = scanned.parts.filter(({ kind }) => kind === 'expression');
  return expressions.map((part) => `${part.offset}+${part.text.length}`).join();
}
