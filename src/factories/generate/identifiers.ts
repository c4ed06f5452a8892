/** Words that a module cannot declare, and names that generated code uses. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends ' +
    'false finally for function if implements import in instanceof interface let new null package private protected ' +
    'public return static super switch this throw true try typeof undefined var void while with yield ' +
    'Array Object Omit Read Readonly Record Resource ResourceFactory resourceFactory wholeResourceFactory WholeResourceFactory'
  ).split(' '),
);

/** `cert-manager.io` and `my kind` as parts of an identifier: letters and digits of every word, capitalised. */
export function pascalCase(text: string): string {
  return text
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/** One of a list or map of that name: `tolerations` → `toleration`, `policies` → `policy`; other words stay. */
export function singular(plural: string): string {
  if (/[^aeiou]ies$/.test(plural)) return `${plural.slice(0, -3)}y`;
  if (/(?:ss|x|ch|sh)es$/.test(plural)) return plural.slice(0, -2);
  return /[^su]s$/.test(plural) ? plural.slice(0, -1) : plural;
}

/** Name of the factory of a kind: `ConfigMap` → `configMap`, `CSIDriver` → `csiDriver`, `IPAddress` → `ipAddress`. */
export function factoryName(kind: string): string {
  const name = pascalCase(kind);
  const acronym = /^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+/.exec(name)?.[0] ?? '';
  return identifier(acronym.toLowerCase() + name.slice(acronym.length));
}

/** A valid identifier that is not reserved. */
export function identifier(text: string): string {
  const word = text.replace(/[^A-Za-z0-9_$]/g, '');
  const safe = /^[A-Za-z_$]/.test(word) ? word : `_${word}`;
  return RESERVED.has(safe) ? `${safe}Resource` : safe;
}

/** `CSIDriver` as a file name: `csi-driver`. */
export function fileNameOf(text: string): string {
  return (
    text
      .replace(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
      .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
      .replace(/[^A-Za-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .toLowerCase() || 'kind'
  );
}

/** Hands out unique names: a repeated name gets a number. */
export class NameRegister {
  readonly #taken = new Set<string>();

  /** A base under which every one of the names made from it is free; all of them are taken. */
  takeAll(base: string, names: (base: string) => readonly string[]): string {
    for (let number = 1; ; number += 1) {
      const candidate = number === 1 ? base : `${base}${number}`;
      const wanted = names(candidate);
      if (wanted.some((name) => this.#taken.has(name))) continue;
      for (const name of wanted) this.#taken.add(name);
      return candidate;
    }
  }
}

/** Order of API versions as Kubernetes prefers them: general, then beta, then alpha, the highest first; others by name. */
export function compareVersions(first: string, second: string): number {
  const [a, b] = [versionRank(first), versionRank(second)];
  for (const [index, rank] of a.entries()) {
    const difference = (b[index] ?? 0) - rank;
    if (difference !== 0) return difference;
  }
  return first < second ? -1 : first > second ? 1 : 0;
}

function versionRank(version: string): readonly number[] {
  const match = /^v(\d{1,9})(?:(alpha|beta)(\d{1,9}))?$/.exec(version);
  if (match === null) return [0, 0, 0];
  const stage = match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1;
  return [stage, Number(match[1]), Number(match[3] ?? 0)];
}
