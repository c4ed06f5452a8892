import type { ObjectExpression } from 'acorn';
import type { SourcePosition } from '@typekro/kit/core';
import type { FunctionNode } from '../source/parse-function.ts';
import type { CapturedVariable, FunctionLike } from '../source/function-source.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { ProgramVariable } from '../trace/trace.ts';

/** The text that is being interpreted, and the look-up of its free names. */
export interface Unit {
  readonly text: string;
  readonly shift: number;
  readonly lookup: (name: string) => CapturedVariable | undefined;
  readonly locate: (offset: number) => SourcePosition | undefined;
  /**
   * The object literal that a builder returns. As soon as one of its keys has a value, the key is a name for the rest
   * of the literal.
   */
  readonly siblings?: { readonly node: ObjectExpression; readonly values: Map<string, unknown> };
}

/** The names of one block or function. */
export class LexicalEnvironment {
  readonly names = new Map<string, ProgramVariable>();
  readonly parent: LexicalEnvironment | undefined;
  readonly unit: Unit;

  constructor(parent: LexicalEnvironment | undefined, unit: Unit) {
    this.parent = parent;
    this.unit = unit;
  }

  declare(name: string, constant: boolean, value: unknown, initialised: boolean): ProgramVariable {
    const binding = activeTrace().track(new ProgramVariable(name, constant, value, initialised));
    this.names.set(name, binding);
    return binding;
  }

  find(name: string): ProgramVariable | undefined {
    return this.names.get(name) ?? this.parent?.find(name);
  }
}

/**
 * The `this` of a function. For an arrow function, `this` is not known when the provider of the function's source
 * cannot read it.
 */
export interface Self {
  readonly value: unknown;
  readonly known: boolean;
}

/** A function of the traced program, or a traced function outside of it. */
export interface Closure {
  readonly node: FunctionNode;
  readonly scope: LexicalEnvironment | undefined;
  readonly unit: Unit;
  readonly self: Self;
}

const closures = new WeakMap<FunctionLike, Closure>();

/** The closure behind a function value of the traced program. */
export function closureOf(fn: unknown): Closure | undefined {
  return typeof fn === 'function' ? closures.get(fn as FunctionLike) : undefined;
}

/** Notes the closure behind a function value. */
export function rememberClosure(fn: FunctionLike, closure: Closure): void {
  closures.set(fn, closure);
}
