import type { Graph } from '../graph/index.ts';
import type { ObjectType } from '../runtime/index.ts';

/** A kind whose instances we work on, and by which graph. */
export interface ServedKind {
  readonly definition: string;
  readonly definitionUid: string;
  readonly type: ObjectType;
  readonly graph: Graph;
  readonly revision: number;
}

/** Which kinds are served. One definition serves one kind, and no two serve the same. */
export class ServedKinds {
  readonly #byKind = new Map<string, ServedKind>();
  readonly #byDefinition = new Map<string, string>();

  of(group: string, kind: string): ServedKind | undefined {
    return this.#byKind.get(`${group}/${kind}`);
  }

  ofDefinition(definition: string): ServedKind | undefined {
    const key = this.#byDefinition.get(definition);
    return key === undefined ? undefined : this.#byKind.get(key);
  }

  /** Serves the kind from now on. False when nothing changed. */
  serve(served: ServedKind): boolean {
    const key = `${served.type.group}/${served.type.kind}`;
    const before = this.#byKind.get(key);
    if (
      before?.graph === served.graph &&
      before.revision === served.revision &&
      before.definitionUid === served.definitionUid
    ) {
      return false;
    }
    this.#byKind.set(key, served);
    this.#byDefinition.set(served.definition, key);
    return true;
  }

  /** The definition serves nothing any more; gives what it served. */
  withdraw(definition: string): ServedKind | undefined {
    const served = this.ofDefinition(definition);
    if (served === undefined) return undefined;
    this.#byKind.delete(`${served.type.group}/${served.type.kind}`);
    this.#byDefinition.delete(definition);
    return served;
  }

  all(): Iterable<ServedKind> {
    return this.#byKind.values();
  }
}

/** The type of the instances of a graph. */
export function instanceTypeOf(graph: Graph): ObjectType {
  const { group, version, kind, plural, namespaced } = graph.instance;
  return { group, version, kind, plural, namespaced };
}
