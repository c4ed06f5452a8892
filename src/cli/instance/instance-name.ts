/** One way to read `INSTANCE[/NODE]`. */
export interface InstanceName {
  /** A kind, its plural, its singular or a short name, as typed. Absent: any kind of a definition. */
  readonly kind?: string;
  /** Absent: the namespace of the connection, or none for kinds of the whole cluster. */
  readonly namespace?: string;
  readonly name: string;
  readonly node?: string;
}

/**
 * The ways to read the argument of `tree`, `why` and `diff`, the likeliest first: `NAME`, `NAMESPACE/NAME`, `KIND/NAME`,
 * `KIND/NAMESPACE/NAME`, each with `/NODE` behind it. Empty for a text that is none of these.
 *
 * @param isKind Is a word the name of a kind that a definition declares?
 */
export function readingsOf(text: string, isKind: (word: string) => boolean): InstanceName[] {
  const parts = text.split('/');
  if (parts.some((part) => part === '') || parts.length > 4) return [];
  const [first = '', ...rest] = parts;
  const withKind = isKind(first) ? placesOf(rest).map((place) => ({ kind: first, ...place })) : [];
  return [...withKind, ...placesOf(parts)];
}

function placesOf(parts: readonly string[]): Omit<InstanceName, 'kind'>[] {
  const [a = '', b = '', c = ''] = parts;
  switch (parts.length) {
    case 1:
      return [{ name: a }];
    case 2:
      return [
        { namespace: a, name: b },
        { name: a, node: b },
      ];
    case 3:
      return [{ namespace: a, name: b, node: c }];
    default:
      return [];
  }
}
