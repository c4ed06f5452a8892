import type { PathStep } from '@typekro/engine/graph';

/** A set of field paths. A path below a member of the set adds nothing. */
export class PathUnion {
  #paths: (readonly PathStep[])[] = [];

  get paths(): readonly (readonly PathStep[])[] {
    return this.#paths;
  }

  /** Adds a path. Returns false when the set already has the path or a prefix of it. */
  add(path: readonly PathStep[]): boolean {
    if (this.#paths.some((known) => isPrefix(known, path))) return false;
    this.#paths = [...this.#paths.filter((known) => !isPrefix(path, known)), path];
    return true;
  }
}

function isPrefix(prefix: readonly PathStep[], path: readonly PathStep[]): boolean {
  return prefix.length <= path.length && prefix.every((step, index) => step === path[index]);
}
