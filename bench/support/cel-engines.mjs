import * as bufbuild from '@bufbuild/cel';
import { Environment as MarcEnvironment } from '@marcbachmann/cel-js';
import * as celJs from 'cel-js';

/** Other CEL engines in JavaScript. None supports all of kro's dialect. */
export const OTHER_ENGINES = [
  {
    name: '@bufbuild/cel',
    prepare(expression) {
      const program = bufbuild.plan(bufbuild.celEnv(), bufbuild.parse(expression));
      return (variables) => {
        const result = program(variables);
        if (result instanceof Error) throw result;
        return result;
      };
    },
  },
  {
    name: '@marcbachmann/cel-js',
    prepare(expression) {
      const program = marcEnvironment.parse(expression);
      return (variables) => program(variables);
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
