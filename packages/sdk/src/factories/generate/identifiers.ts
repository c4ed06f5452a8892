import { pascalCase } from '@typekro/kit/core';
/** Reserved words of JavaScript, and names that the generated code itself uses. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends ' +
    'false finally for function if implements import in instanceof interface let new null package private protected ' +
    'public return static super switch this throw true try typeof undefined var void while with yield ' +
    'Array Object Omit Read Readonly Record Resource ResourceFactory resourceFactory wholeResourceFactory WholeResourceFactory ' +
    'chartFactory ChartFactory'
  ).split(' '),
);

/**
 * The singular of the name of a list or map: `tolerations` → `toleration`, `policies` → `policy`. Other words stay as
 * they are.
 */
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

/** Makes names unique: a repeated name gets a number. */
export class NameRegister {
  readonly #taken = new Set<string>();

  /**
   * Appends a number to the base if one of the names made from it is taken already. Reserves the names, and returns the
   * base with this number.
   */
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
