import { goQuote } from '@typekro/kit/golang';
import { nearestName } from '@typekro/kit/core';
import type { PathStep } from '../model.ts';
import type { Phase, Problem, Problems } from '../problems.ts';

/** The steps of kro's compiler in one frame, in their order. */
export type Step = 'shape' | 'build' | 'dependencies' | 'compile';

/** The phases of the problems of the outermost frame. */
const PHASES: Readonly<Record<Step, Phase>> = {
  shape: 'naming',
  build: 'resource',
  dependencies: 'dependencies',
  compile: 'typeCheck',
};

type Finding = Omit<Problem, 'phase' | 'kro'>;

/**
 * The problems of one frame of a Graph. kro compiles a subgraph while it builds the node of the subgraph. Therefore all
 * problems of a subgraph belong to the step `build` of the outer frame, in the order in which they are reported.
 */
export class FrameProblems {
  readonly #problems: Problems;
  /** The prefix of kro's messages about problems of this frame. */
  readonly #prefix: string;
  readonly #depth: number;

  constructor(problems: Problems, outer?: { readonly frame: FrameProblems; readonly node: string }) {
    this.#problems = problems;
    this.#prefix = outer === undefined ? '' : `${outer.frame.#prefix}build node ${goQuote(outer.node)}: `;
    this.#depth = outer === undefined ? 0 : outer.frame.#depth + 1;
  }

  /** The problems of the whole Graph. */
  get source(): Problems {
    return this.#problems;
  }

  get isRoot(): boolean {
    return this.#depth === 0;
  }

  error(step: Step, kro: string, finding: Finding): void {
    const phase = this.isRoot ? PHASES[step] : 'resource';
    this.#problems.error({ ...finding, phase, kro: this.#prefix + kro });
  }

  warn(finding: Finding): void {
    this.#problems.warn(finding);
  }

  /**
   * Reports a value of a wrong JSON type. In the outermost frame, the API server refuses the value. In inner frames,
   * kro refuses it.
   */
  wrongType(path: readonly PathStep[], message: string, found: string, hint?: string): void {
    const finding = { code: 'graph/invalid-graph', message, place: { path }, hint };
    if (this.isRoot) this.#problems.error({ ...finding, phase: 'structure' });
    else this.error('shape', parsing(`json: cannot unmarshal ${found} into Go struct field`), finding);
  }

  /** Reports a field that a subgraph does not have. */
  unknownSpecField(key: string, path: readonly PathStep[], close: string | undefined): void {
    this.error('shape', parsing(`json: unknown field ${goQuote(key)}`), {
      code: 'graph/unknown-node-field',
      message: `a subgraph has no field "${key}"`,
      place: { path, key: true },
      hint: close === undefined ? 'a subgraph has nodes' : `did you mean "${close}"?`,
    });
  }

  /** Reports a field that nodes do not have. */
  unknownField(key: string, path: readonly PathStep[], known: Iterable<string>): void {
    const close = nearestName(key, known);
    const finding = {
      code: 'graph/unknown-node-field',
      message: `a node has no field "${key}"`,
      place: { path, key: true },
      hint: close === undefined ? `known fields: ${[...known].join(', ')}` : `did you mean "${close}"?`,
    };
    if (this.isRoot) this.#problems.error({ ...finding, phase: 'structure' });
    else this.error('shape', parsing(`json: unknown field ${goQuote(key)}`), finding);
  }
}

function parsing(reason: string): string {
  return `parse subgraph: unmarshal: error unmarshaling JSON: while decoding JSON: ${reason}`;
}
