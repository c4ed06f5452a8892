import { isVariableName } from './code.ts';

/** Names that the written files may import. */
export const IMPORTED: readonly string[] = [
  'Cel',
  'createResource',
  'externalRef',
  'k8s',
  'kubernetesComposition',
  'type',
];

/** Names of one file: what it imports, and what it declares. */
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

  /** A free name; with the suffix, and a number, where the name is taken. */
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
