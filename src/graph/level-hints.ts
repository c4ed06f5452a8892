import type { Diagnostic } from '../core/index.ts';
import type { KroCompatibility } from './kro-compatibility.ts';

/**
 * Adds the other level to the hints of errors that a definition has at one level only. The hint then says that the
 * other line of kro accepts the definition. `others` are the diagnostics at the other level.
 */
export function withLevelHints(
  diagnostics: readonly Diagnostic[],
  others: readonly Diagnostic[],
  level: KroCompatibility,
): Diagnostic[] {
  const known = new Set(others.filter(isError).map(placeOf));
  return diagnostics.map((each) => {
    if (!isError(each) || known.has(placeOf(each))) return each;
    const accepted = `kro ${level} accepts this, and so does --kro-compatibility=${level}`;
    return { ...each, hint: each.hint === undefined ? accepted : `${each.hint}; ${accepted}` };
  });
}

const isError = ({ severity }: Diagnostic): boolean => severity === 'error';

const placeOf = ({ code, path }: Diagnostic): string => `${code} ${path ?? ''}`;
