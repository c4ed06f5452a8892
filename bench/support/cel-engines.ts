import * as bufbuild from '@bufbuild/cel';
import { Environment as MarcEnvironment } from '@marcbachmann/cel-js';
import * as celJs from 'cel-js';

/** An engine that prepares an expression once and runs it often. */
export interface Engine {
  readonly name: string;
  /** Prepares an expression. Returns a function that takes the variables and evaluates the expression. */
  prepare(expression: string): (variables: Readonly<Record<string, unknown>>) => unknown;
}

/** Other CEL engines in JavaScript. None supports all of kro's dialect. */
export const OTHER_ENGINES: readonly Engine[] = [
  {
    name: '@bufbuild/cel',
    prepare(expression) {
      const program = bufbuild.plan(bufbuild.celEnv(), bufbuild.parse(expression));
      return (variables) => {
        const result: unknown = program(variables as never);
        if (result instanceof Error) throw result;
        return result;
      };
    },
  },
  {
    name: '@marcbachmann/cel-js',
    prepare(expression) {
      const program = marcEnvironment.parse(expression);
      return (variables) => program(variables) as unknown;
    },
  },
  {
    name: 'cel-js',
    prepare(expression) {
      const parsed = celJs.parse(expression);
      if (!parsed.isSuccess) throw new Error(parsed.errors.join('\n'));
      return (variables) => celJs.evaluate(parsed.cst, { ...variables });
    },
  },
];

const marcEnvironment = new MarcEnvironment({ unlistedVariablesAreDyn: true });
