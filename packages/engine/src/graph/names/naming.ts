import { type KroCompatibility, KroLevel, followsGraphEngine } from '../kro-compatibility.ts';

/** The prefix of labels and annotations of kro's API. */
const KRO_PREFIX = 'kro.run/';

/** The prefix of annotations that only the controller itself reads. */
export const INTERNAL_PREFIX = 'internal.kro.run/';

/** The prefixes of labels and annotations that templates may not set. */
export const RESERVED_PREFIXES: readonly string[] = [KRO_PREFIX, INTERNAL_PREFIX];

/** Words of kro that may name neither a resource nor a forEach iterator. */
const RESERVED: ReadonlySet<string> = new Set(
  `apiVersion context dependency dependencies each externalRef externalReference externalRefs externalReferences graph
  instance item items kind kro metadata object resource resourcegraphdefinition resourceGraphDefinition
  resources root runtime schema self serviceAccountName spec status this variables vars version`.split(/\s+/),
);

/** Words of CEL that may name neither a resource nor a forEach iterator. */
const RESERVED_BY_CEL: ReadonlySet<string> = new Set(
  `true false null in as break const continue else for function if import let loop namespace package return var void
  while`.split(/\s+/),
);

/** The names that expressions can use although no resource has them. */
const BUILT_IN: ReadonlySet<string> = new Set(['each', 'runtime', 'schema']);

const LOWER_CAMEL = /^[a-z][a-zA-Z0-9]*$/;
const UPPER_CAMEL = /^[A-Z][a-zA-Z0-9]*$/;

/** Additional words that kro reserves since 0.10. */
const RESERVED_SINCE_0_10: ReadonlySet<string> = new Set(['graphengine']);

/** Is the word forbidden as a resource id or iterator name? */
export function isReservedWord(word: string, level: KroCompatibility = KroLevel.DEFAULT): boolean {
  return (
    RESERVED.has(word) || RESERVED_BY_CEL.has(word) || (followsGraphEngine(level) && RESERVED_SINCE_0_10.has(word))
  );
}

/** Does the word have a fixed meaning in expressions, so that it cannot denote a resource? */
export function hasOtherMeaning(word: string): boolean {
  return BUILT_IN.has(word) || RESERVED_BY_CEL.has(word);
}

/** Does a name have the form of resource ids and iterators: lower camel case, ASCII letters and digits? */
export function isLowerCamelCase(name: string): boolean {
  return LOWER_CAMEL.test(name);
}

/** Does a name have the form of a definition's kind: upper camel case, ASCII letters and digits? */
export function isUpperCamelCase(name: string): boolean {
  return UPPER_CAMEL.test(name);
}

/**
 * Converts a string to a lower camel case name for hints: `my-cm` becomes `myCm`. Undefined when the result is not an
 * allowed name, or is equal to the string.
 */
export function suggestId(text: string): string | undefined {
  const words = text.split(/[^a-zA-Z0-9]+/).filter((word) => word !== '');
  const joined = words
    .map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('');
  const name = joined
    .replace(/^[0-9]+/, '')
    .replace(/^[A-Z]+/, (capitals) =>
      capitals.length === 1 || capitals.length === joined.length
        ? capitals.toLowerCase()
        : capitals.slice(0, -1).toLowerCase() + capitals.slice(-1),
    );
  return isLowerCamelCase(name) && !isReservedWord(name) && name !== text ? name : undefined;
}

/** The rules for names in definitions. */
export const Naming = { isLowerCamelCase, isUpperCamelCase, isReservedWord, suggestId };
