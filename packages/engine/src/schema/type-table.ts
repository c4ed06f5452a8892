import type { TypeFacts, TypeTable } from './builtin-types.ts';

/** Makes a table of types whose facts are in memory. */
export function tableOfFacts(facts: Readonly<Record<string, TypeFacts>>): TypeTable {
  return { names: () => Object.keys(facts), facts: (name) => (Object.hasOwn(facts, name) ? facts[name] : undefined) };
}

/**
 * The table of a data file (`types.json`), which has one line per type. A look-up parses only the line of its type,
 * because a process needs only a few of the hundreds of types. A file with other lines is parsed as a whole.
 *
 * @param read reads the file. The table keeps only a weak reference to the text, and reads the file again after a
 *   garbage collection. The text takes a quarter of the memory of the parsed facts
 */
export function tableOfText(read: () => string): TypeTable {
  const text = read();
  const first = linesByName(text);
  if (first === undefined) return tableOfFacts((JSON.parse(text) as { types: Record<string, TypeFacts> }).types);
  let kept = new WeakRef(first);
  const lines = (): ReadonlyMap<string, string> => {
    const known = kept.deref();
    if (known !== undefined) return known;
    const again = linesByName(read()) ?? new Map<string, string>();
    kept = new WeakRef(again);
    return again;
  };
  return {
    names: () => lines().keys(),
    facts(name) {
      const json = lines().get(name);
      return json === undefined ? undefined : (JSON.parse(json) as TypeFacts);
    },
  };
}

/** Matches the first line of a data file, which precedes the first type. */
const HEAD = /^\{[^{}]*"types":\{$/;
/** Matches the line of a type: its name and its facts. */
const LINE = /^("[^"]+"):(\{.*\}),?$/;

/** Maps each type to its facts as JSON; `undefined` if the text does not have one line per type. */
function linesByName(text: string): ReadonlyMap<string, string> | undefined {
  const [head = '', ...lines] = text.trimEnd().split('\n');
  if (!HEAD.test(head) || lines.pop() !== '}}') return undefined;
  const byName = new Map<string, string>();
  for (const line of lines) {
    const [, name, facts] = LINE.exec(line) ?? [];
    if (name === undefined || facts === undefined) return undefined;
    // JSON.parse copies the name. A substring of the line would keep the whole text in memory.
    byName.set(JSON.parse(name) as string, facts);
  }
  return byName;
}
