/** An engine that prepares an expression once and runs it often. */
export interface Engine {
  readonly name: string;
  /** Prepares an expression. Returns a function that takes the variables and evaluates the expression. */
  prepare(expression: string): (variables: Readonly<Record<string, unknown>>) => unknown;
}

/** Other CEL engines in JavaScript. None supports all of kro's dialect. */
export const OTHER_ENGINES: readonly Engine[];
