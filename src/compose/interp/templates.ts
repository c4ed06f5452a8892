import type { Expression, TaggedTemplateExpression, TemplateLiteral } from 'acorn';
import { concat, literal } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { textNode, textValue } from '../value/ops.ts';
import type { Env } from './env.ts';
import { inEnv } from './env.ts';
import { machine } from './machine.ts';

/** `` `a-${b}` `` */
export function template(node: TemplateLiteral, env: Env): unknown {
  const parts: Node[] = [];
  for (const [index, quasi] of node.quasis.entries()) {
    parts.push(literal(quasi.value.cooked ?? ''));
    const expression = node.expressions[index];
    if (expression !== undefined) parts.push(inEnv(env.unit, expression, evaluateText, env));
  }
  return textValue(concat(parts));
}

const evaluateText = (node: Expression, env: Env): Node => textNode(machine.evaluate(node, env));

/** `` tag`a-${b}` `` */
export function taggedTemplate({ tag, quasi }: TaggedTemplateExpression, env: Env): unknown {
  const strings = quasi.quasis.map(({ value }) => value.cooked ?? '');
  const raw = quasi.quasis.map(({ value }) => value.raw);
  const values = quasi.expressions.map((expression) => machine.evaluate(expression, env));
  return machine.call(
    machine.evaluate(tag, env),
    undefined,
    [Object.assign(strings, { raw }), ...values],
    'a tagged template',
  );
}
