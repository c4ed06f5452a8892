import { isVariableName } from './code.ts';

/** The names that a generated file can import. */
export const IMPORTED: readonly string[] = [
  'Cel',
  'createResource',
  'externalRef',
  'k8s',
  'kubernetesComposition',
  'type',
];

/** The imported and declared names of one file. */
export class FileNames {
  readonly #taken = new Set<string>(IMPORTED);
  readonly #core = new Set<string>(['kubernetesComposition']);
  #usesArktype = false;
  #usesFactories = false;

  use(name: 'Cel' | 'arktype' | 'createResource' | 'externalRef' | 'factories'): void {
    if (name === 'arktype') this.#usesArktype = true;
    else if (name === 'factories') this.#usesFactories = true;
    else this.#core.add(name);
  }

  /**
   * Reserves a name and returns it. If the name is taken or is not a valid variable name, the suffix is appended. If
   * the result is taken, too, a number is appended.
   */
  take(wanted: string, suffix: string): string {
    const base = isVariableName(wanted) && !this.#taken.has(wanted) ? wanted : `${wanted}${suffix}`;
    let name = base;
    for (let number = 2; this.#taken.has(name); number += 1) name = `${base}${number}`;
    this.#taken.add(name);
    return name;
  }

  imports(): string {
    const core = [...this.#core].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
    return [
      ...(this.#usesArktype ? ["import { type } from 'arktype';\n"] : []),
      `import { ${core.join(', ')} } from 'typekro';\n`,
      ...(this.#usesFactories ? ["import * as k8s from 'typekro/kubernetes';\n"] : []),
    ].join('');
  }
}
