import type { TypeFacts, TypeTable } from './builtin-types.ts';

/** A table of facts that are in memory. */
export function tableOfFacts(facts: Readonly<Record<string, TypeFacts>>): TypeTable {
  return {
    names: () => Object.keys(facts),
    facts: (name) => (Object.hasOwn(facts, name) ? facts[name] : undefined),
  };
}

/**
 * The table of a data file (`types.json`), which has one line for each type. A look-up parses the line of its type,
 * because a process reads only a few of the hundreds of types. A text with other lines is parsed as a whole.
 *
 * @param read reads the file. The table calls it again after a garbage collection, because a process at rest does not
 *   keep the text. The text takes a quarter of the memory that the parsed facts would take
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

/** The first line of a data file: everything before the first type. */
const HEAD = /^\{[^{}]*"types":\{$/;
/** The line of a type: its name and its facts. */
const LINE = /^("[^"]+"):(\{.*\}),?$/;

/** The facts of each type as JSON; `undefined` when the text has another form than one line for each type. */
function linesByName(text: string): ReadonlyMap<string, string> | undefined {
  const [head = '', ...lines] = text.trimEnd().split('\n');
  if (!HEAD.test(head) || lines.pop() !== '}}') return undefined;
  const byName = new Map<string, string>();
  for (const line of lines) {
    const [, name, facts] = LINE.exec(line) ?? [];
    if (name === undefined || facts === undefined) return undefined;
    // The parser copies the name. A part of the line would keep the whole text in memory.
    byName.set(JSON.parse(name) as string, facts);
  }
  return byName;
}
