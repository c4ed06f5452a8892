import type { Variable } from './node.ts';

/** Names that a variable of a macro must not have: words of CEL and of kro. */
const RESERVED = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return var void while ' +
    'schema instance each self runtime cel optional lists math json random hash strings base64 bool bytes double dyn duration ' +
    'int list map null_type string timestamp type uint size has omit url quantity ip cidr semver now kro'
  ).split(' '),
);

/** The names of the variables of one expression. Each variable has a unique name. */
export class VariableNames {
  readonly #ids: ReadonlySet<string>;
  readonly #taken: Set<string>;
  readonly #names: Map<Variable, string>;

  /**
   * `ids` are names that are already in scope, such as the ids of resources; `fixed` maps each variable that already
   * has a name to this name.
   */
  constructor(ids: ReadonlySet<string>, fixed: ReadonlyMap<Variable, string>) {
    this.#ids = ids;
    this.#names = new Map(fixed);
    this.#taken = new Set(fixed.values());
  }

  of(variable: Variable): string {
    if (variable.role !== 'macro' && variable.role !== 'loop') return variable.name;
    const known = this.#names.get(variable);
    if (known !== undefined) return known;
    const base = legalName(variable.name);
    let name = base;
    for (let suffix = 2; this.#taken.has(name) || this.#ids.has(name); suffix++) name = `${base}${suffix}`;
    this.#taken.add(name);
    this.#names.set(variable, name);
    return name;
  }
}

/** A valid name of a variable in CEL. */
export function legalName(name: string): string {
  const cleaned = name.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_');
  const base = cleaned === '' || cleaned === '_' ? 'x' : cleaned;
  return RESERVED.has(base) ? `${base}_` : base;
}
