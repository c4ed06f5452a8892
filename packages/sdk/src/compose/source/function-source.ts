import type { SourcePosition } from '@typekro/kit/core';
import type { FunctionNode } from './parse-function.ts';

/** A free variable: its value, or the fact that it has none yet. */
export type CapturedVariable = { readonly value: unknown } | { readonly uninitialised: true };

/** The source of a function and its captured variables. */
export interface FunctionSource {
  readonly text: string;
  readonly node: FunctionNode;
  /** The number to subtract from the position of a syntax node to get an offset into `text`. */
  readonly shift: number;
  /** The value of a free variable; `undefined` when the function sees no variable of this name. */
  readonly lookup: (name: string) => CapturedVariable | undefined;
  /** The `this` around an arrow function, if the provider can read it. */
  readonly self?: () => unknown;
  /** The author's file, line and column of an offset into the text. */
  readonly locate: (offset: number) => SourcePosition | undefined;
}

/** A way to read a function's source and free variables. */
export interface Provider {
  /** The source of a function; `undefined` when this provider cannot read it. */
  get(fn: FunctionLike): FunctionSource | undefined;
}

/** Any function value. */
export type FunctionLike = (...args: never[]) => unknown;
