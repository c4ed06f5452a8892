import type { KroCompatibility } from '../kro-compatibility.ts';
import { scanExpressions } from './scan.ts';

/** The remedy for a string that should be a single bare expression. */
export function bareHint(text: string, level: KroCompatibility): string | undefined {
  const scanned = scanExpressions(text, level);
  if (!text.includes('${')) return `write \${${text.trim()}}`;
  if (!scanned.ok) return undefined;
  // If there are only operators between the expressions, the author meant a single expression in one pair of braces.
  const isJoined = scanned.parts.every(
    ({ kind, text: part }) => kind === 'expression' || /^[\s&|=!<>()+\-?:]*$/.test(part),
  );
  return isJoined ? `write one expression: \${${scanned.parts.map((part) => part.text).join('')}}` : undefined;
}
