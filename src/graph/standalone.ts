import { scanExpressions } from './scan.ts';

/** The remedy for a text that should be one bare expression. */
export function bareHint(text: string): string | undefined {
  const scanned = scanExpressions(text);
  if (!text.includes('${')) return `write \${${text.trim()}}`;
  if (!scanned.ok) return undefined;
  // Expressions with only operators between them should be one expression in one pair of braces.
  const isJoined = scanned.parts.every(
    ({ kind, text: part }) => kind === 'expression' || /^[\s&|=!<>()+\-?:]*$/.test(part),
  );
  return isJoined ? `write one expression: \${${scanned.parts.map((part) => part.text).join('')}}` : undefined;
}
