import type { Expression, TaggedTemplateExpression, TemplateLiteral } from 'acorn';
import { concat, literal } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { textOrNode, textValue } from '../value/ops.ts';
import { callValue } from './calls.ts';
import type { Env } from './env.ts';
import { inEnv } from './env.ts';
import { warnUndefinedText } from './undefined-text.ts';

/** `` `a-${b}` `` */
export function template(node: TemplateLiteral, env: Env): unknown {
  const parts: Node[] = [];
  /** The constant text since the last expression. */
  let text = '';
  node.quasis.forEach((quasi, index) => {
    text += quasi.value.cooked ?? '';
    const expression = node.expressions[index];
    const value = expression === undefined ? '' : inEnv(env.unit, expression, evaluateText, env);
    if (typeof value === 'string') text += value;
    else {
      parts.push(literal(text), value);
      text = '';
    }
  });
  return parts.length === 0 ? text : textValue(concat([...parts, literal(text)]));
}

function evaluateText(node: Expression, env: Env): string | Node {
  const value = env.interpreter.evaluate(node, env);
  warnUndefinedText(node, value, env);
  return textOrNode(value);
}

/** `` tag`a-${b}` `` */
export function taggedTemplate({ tag, quasi }: TaggedTemplateExpression, env: Env): unknown {
  const strings = quasi.quasis.map(({ value }) => value.cooked ?? '');
  const raw = quasi.quasis.map(({ value }) => value.raw);
  const values = quasi.expressions.map((expression) => env.interpreter.evaluate(expression, env));
  return callValue(
    env.interpreter,
    env.interpreter.evaluate(tag, env),
    undefined,
    [Object.assign(strings, { raw }), ...values],
    'a tagged template',
  );
}
