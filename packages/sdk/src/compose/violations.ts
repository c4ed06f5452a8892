import { DYN, kroEnvironment } from '@typekro/cel';
import { TypeKroError } from '@typekro/kit/core';
import type { KubeObject } from '@typekro/kit/core';
import { ExpressionWriter } from './emit/expression.ts';
import type { Traced } from './trace-composition.ts';
import { withTrace } from './trace/current.ts';

/** The author's messages of the preconditions that a spec violates, or that cannot be evaluated for it. */
export function violations({ graph, trace }: Traced, instance: KubeObject): string[] {
  if (graph.validations.length === 0) return [];
  const environment = kroEnvironment({ variables: { schema: DYN } });
  return graph.validations
    .filter(({ rule }) => {
      const text = withTrace(trace, () => new ExpressionWriter(new Set(), 'typekro').cel(rule));
      const compiled = environment.compile(text);
      if (!compiled.ok)
        throw new TypeKroError(`a precondition cannot be checked: ${text}`, { code: 'compose/precondition' });
      const result = compiled.program.evaluate(new Map([['schema', instance]]));
      return !result.ok || result.value === false;
    })
    .map((validation) => validation.message);
}
