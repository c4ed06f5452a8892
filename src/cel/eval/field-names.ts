/** Names that expressions cannot write after a dot; their escaped form is `__name__`. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace ' +
    'return var void while'
  ).split(' '),
);

const ESCAPES: readonly (readonly [string, string])[] = [
  ['__', '__underscores__'],
  ['.', '__dot__'],
  ['-', '__dash__'],
  ['/', '__slash__'],
];

const ENCODED = new Map(ESCAPES.map(([plain, escaped]) => [escaped, plain]));

/** A property name as expressions write it; undefined when no escape makes the name an identifier. */
export function escapeFieldName(name: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_./-]*$/.test(name)) return undefined;
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
