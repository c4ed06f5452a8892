import { TypeKroError, nearestName } from '@typekro/kit/core';

/**
 * The error for a value of `--output` that is not one of the command's formats. The remedy names the most similar
 * format, or all formats.
 */
export function unknownForm(given: string, forms: readonly string[]): TypeKroError {
  const near = forms.find((form) => form === given.toLowerCase()) ?? nearestName(given, forms);
  const all = `${forms.slice(0, -1).join(', ')} or ${forms.at(-1) ?? ''}`;
  return new TypeKroError(`--output ${given} is not one of ${forms.join(', ')}`, {
    code: 'cli/usage',
    remedy: near === undefined ? `choose one: --output ${all}` : `did you mean --output ${near}?`,
  });
}
