import type { TypeFacts, TypeTable } from './builtin-types.ts';

/** A table of facts that are in memory. */
export function tableOfFacts(facts: Readonly<Record<string, TypeFacts>>): TypeTable {
  return {
    names: () => Object.keys(facts),
    facts: (name) => (Object.hasOwn(facts, name) ? facts[name] : undefined),
  };
}

/**
 * The table of a data file (`types.json`), which has one line for each type. A look-up parses the line of its type. A
 * process reads a few of hundreds of types, and the text takes a quarter of the memory of the facts. A text with other
 * lines is parsed as a whole.
 */
export function tableOfText(text: string): TypeTable {
  const lines = linesByName(text);
  if (lines === undefined) return tableOfFacts((JSON.parse(text) as { types: Record<string, TypeFacts> }).types);
  return {
    names: () => lines.keys(),
    facts(name) {
      const json = lines.get(name);
      return json === undefined ? undefined : (JSON.parse(json) as TypeFacts);
    },
  };
}

/** The first line of a data file: everything before the first type. */
const HEAD = /^\{[^{}]*"types":\{$/;
/** The line of a type: its name and its facts. */
const LINE = /^"([^"]+)":(\{.*\}),?$/;

/** The facts of each type as JSON; `undefined` when the text has another form than one line for each type. */
function linesByName(text: string): ReadonlyMap<string, string> | undefined {
  const [head = '', ...lines] = text.trimEnd().split('\n');
  if (!HEAD.test(head) || lines.pop() !== '}}') return undefined;
  const byName = new Map<string, string>();
  for (const line of lines) {
    const [, name, facts] = LINE.exec(line) ?? [];
    if (name === undefined || facts === undefined) return undefined;
    byName.set(name, facts);
  }
  return byName;
}
