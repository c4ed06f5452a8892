import type { Diagnostic, Severity, SourcePosition } from '@typekro/kit/core';
import type { DefinitionDocument, WrittenScalar } from './document.ts';
import type { PathStep } from './model.ts';
import { formatPath } from './path.ts';
import { isOldBoolean, oldBooleanKey, resolvePlain } from './yaml/yaml-scalar.ts';

/**
 * kro's phases in their order. kro reports only the first phase that fails. Two phases are not kro's: `structure` has
 * the checks of the API server and comes first, and `beyond` has this project's own checks and comes last.
 */
export type Phase =
  | 'structure'
  | 'naming'
  | 'instanceSchema'
  | 'resourceShape'
  | 'resource'
  | 'dependencies'
  | 'omitIdentity'
  | 'typeCheck'
  | 'status'
  | 'conditions'
  | 'instance'
  | 'beyond';

const RANK: Readonly<Record<Phase, number>> = {
  structure: 0,
  naming: 1,
  instanceSchema: 2,
  resourceShape: 3,
  resource: 4,
  dependencies: 5,
  omitIdentity: 6,
  typeCheck: 7,
  status: 8,
  conditions: 9,
  instance: 10,
  beyond: 11,
};

/** The position of a problem in the definition. */
export interface ProblemLocation {
  /** Path from the root of the definition. */
  readonly path: readonly PathStep[];
  /** Offset in the string at `path`, in UTF-16 units. */
  readonly offset?: number;
  /** Is the problem about the key instead of the value? */
  readonly key?: boolean;
}

/** A finding of a check. */
export interface Problem {
  readonly phase: Phase;
  readonly code: string;
  readonly message: string;
  readonly place: ProblemLocation;
  readonly hint?: string | undefined;
  /** kro's whole message, with the prefix of its phase. Absent for a problem that kro does not report. */
  readonly kro?: string | undefined;
}

/** Collects problems and converts them to diagnostics with positions, in the order of kro's phases. */
export class Problems {
  readonly #found: { rank: number; severity: Severity; problem: Problem }[] = [];
  readonly #document: DefinitionDocument | undefined;
  #errors = 0;

  constructor(document?: DefinitionDocument) {
    this.#document = document;
  }

  /** Number of errors so far. */
  get errors(): number {
    return this.#errors;
  }

  /** Number of errors and warnings so far. */
  get size(): number {
    return this.#found.length;
  }

  /** Has a check of this phase found an error? */
  has(phase: Phase): boolean {
    return this.#found.some(({ severity, problem }) => severity === 'error' && problem.phase === phase);
  }

  /** The text of a scalar in the file; undefined without a file. */
  written(path: readonly PathStep[]): WrittenScalar | undefined {
    return this.#document?.written?.(path);
  }

  error(problem: Problem): void {
    this.#errors += 1;
    this.#found.push({ rank: RANK[problem.phase], severity: 'error', problem: this.#withYamlCause(problem) });
  }

  warn(problem: Omit<Problem, 'phase' | 'kro'>): void {
    const warning = this.#withYamlCause({ ...problem, phase: 'beyond' });
    this.#found.push({ rank: RANK.beyond + 1, severity: 'warning', problem: warning });
  }

  /**
   * The diagnostics: errors in the order of kro's phases, followed by warnings. Errors of the same phase are in the
   * order of the checks.
   */
  diagnostics(): Diagnostic[] {
    return this.#found
      .toSorted((a, b) => a.rank - b.rank)
      .map(({ severity, problem }) => {
        const source = this.#source(problem.place);
        return {
          code: problem.code,
          severity,
          message: problem.message,
          path: formatPath(problem.place.path),
          ...(problem.hint === undefined ? {} : { hint: problem.hint }),
          ...(source === undefined ? {} : { source }),
          ...(problem.kro === undefined ? {} : { kroMessage: problem.kro }),
        };
      });
  }

  /** If a rule of YAML about booleans or comments is the cause of the problem, adds a hint about this rule. */
  #withYamlCause(problem: Problem): Problem {
    const { path } = problem.place;
    const key = this.#oldBooleanKeyAt(path);
    if (key !== undefined && !problem.code.startsWith('cel/')) {
      const isHintUseful = problem.hint !== undefined && problem.code !== 'graph/unknown-field';
      return { ...problem, hint: isHintUseful ? `${problem.hint}; ${key}` : key };
    }
    // The hint of a check that knows the expected type is better than the general hint about booleans.
    const isTextMeant = problem.hint === undefined || problem.code === 'simpleschema/unexpected-value';
    const text = isTextMeant ? this.written(path)?.text : undefined;
    if (text !== undefined && isOldBoolean(text)) {
      const value = resolvePlain(text) === true;
      return { ...problem, hint: `${text} is the boolean ${value} here; quote it to make it a string: "${text}"` };
    }
    return problem.code === 'graph/unclosed-expression' ? this.#withComment(problem) : problem;
  }

  /** The remedy for a path through a key that YAML 1.1 reads as a boolean: `n`, `yes`, `off`. */
  #oldBooleanKeyAt(path: readonly PathStep[]): string | undefined {
    for (const [index, step] of path.entries()) {
      if (step !== 'true' && step !== 'false') continue;
      const key = this.#document?.writtenKey?.(path.slice(0, index + 1));
      if (key !== undefined && isOldBoolean(key)) return oldBooleanKey(key);
    }
    return undefined;
  }

  /**
   * An unterminated expression in a YAML file may have its end in a comment, because " #" ends a plain scalar. In this
   * case, the message and the hint are about the comment.
   */
  #withComment(problem: Problem): Problem {
    const written = this.written(problem.place.path);
    if (written?.comment?.includes('}') !== true) return problem;
    const whole = `${written.text} #${written.comment}`.trim();
    const quoted = whole.includes('"') ? `'${whole.replaceAll("'", "''")}'` : `"${whole}"`;
    const message = 'a # after a space begins a comment in YAML, so the expression ends before it';
    return { ...problem, message, hint: `put the whole value into quotes: ${quoted}` };
  }

  #source({ path, offset, key }: ProblemLocation): SourcePosition | undefined {
    if (this.#document === undefined) return undefined;
    if (offset !== undefined) return this.#document.positionInside(path, offset);
    return key === true ? this.#document.keyPosition(path) : this.#document.position(path);
  }
}

/** Calls `find` for each item, and returns the results that are not undefined. */
export function mapDefined<T, U>(items: readonly T[], find: (item: T) => U | undefined): U[] {
  const found: U[] = [];
  // Index loop: in unoptimized code for..of allocates at each step.
  for (let index = 0; index < items.length; index += 1) {
    const one = find(items[index] as T);
    if (one !== undefined) found.push(one);
  }
  return found;
}
