import { RESERVED } from '../syntax/builder.ts';

const ESCAPES: readonly (readonly [string, string])[] = [
  ['__', '__underscores__'],
  ['.', '__dot__'],
  ['-', '__dash__'],
  ['/', '__slash__'],
];

const ENCODED = new Map(ESCAPES.map(([plain, escaped]) => [escaped, plain]));

/**
 * Escapes a property name for use in expressions, as the function `Escape` of k8s.io/apiserver does. The escaped form
 * of a reserved name is `__name__`. Returns undefined when the escaped name is not an identifier, for example for an
 * empty name, a name that begins with a digit, or a name with a space.
 */
export function escapeFieldName(name: string): string | undefined {
  if (!/^[A-Za-z_./-][A-Za-z0-9_./-]*$/.test(name)) return undefined;
  if (RESERVED.has(name)) return `__${name}__`;
  return name.replaceAll(/__|[./-]/g, (part) => ESCAPES.find(([plain]) => plain === part)?.[1] ?? part);
}

/** The property name for an expression's field; undefined when the field is not a valid escaped name. */
export function unescapeFieldName(field: string): string | undefined {
  if (!field.includes('__')) return field;
  const word = /^__([a-z]+)__$/.exec(field)?.[1];
  if (word !== undefined && RESERVED.has(word)) return word;
  let bad = false;
  const name = field.replaceAll(/__(?:underscores|dot|dash|slash)__|__/g, (part) => {
    const plain = ENCODED.get(part);
    if (plain === undefined) bad = true;
    return plain ?? part;
  });
  return bad ? undefined : name;
}
