import { getOrInsert } from '@typekro/kit/core';
import type { Expression, TaggedTemplateExpression, TemplateLiteral } from 'acorn';
import { concat, literal } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { textOrNode, textValue } from '../value/ops.ts';
import type { Site } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { callExpression } from './call-expression.ts';
import { type Env, inEnv, siteOf } from './env.ts';
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

/** Maps the place of a tagged template to its strings. As in JavaScript, all evaluations of one place share them. */
const strings = new WeakMap<Site, readonly (string | undefined)[]>();

/** `` tag`a-${b}` `` */
export function taggedTemplate({ tag, quasi }: TaggedTemplateExpression, env: Env): unknown {
  return callExpression({ callee: tag, arguments: quasi.expressions }, env, [stringsOf(quasi, env)]);
}

/** The constant parts of a tagged template: a frozen list, whose member `raw` has the parts as they are written. */
function stringsOf(quasi: TemplateLiteral, env: Env): readonly (string | undefined)[] {
  const site = siteOf(env.unit, quasi);
  const parts = getOrInsert(strings, site, () => {
    const cooked = quasi.quasis.map(({ value }) => value.cooked ?? undefined);
    const raw = Object.freeze(quasi.quasis.map(({ value }) => value.raw));
    return Object.freeze(Object.defineProperty(cooked, 'raw', { value: raw }));
  });
  const { raw } = parts as TemplateStringsArray;
  activeTrace().track(raw);
  return activeTrace().track(parts);
}
