import type { AnyNode, BinaryExpression } from 'acorn';
import { activeTrace } from '../trace/current-trace.ts';
import { type Env, siteOf } from './env.ts';

/** The length up to which a message shows the whole expression. */
const MAX_SHOWN_LENGTH = 60;

/**
 * Warns about a value of the program that is `undefined` or `null` and becomes part of a string. JavaScript prints the
 * word `undefined` or `null`, as in the image "undefined/shop:1" when a variable of the environment is not set.
 */
export function warnUndefinedText(node: AnyNode, value: unknown, env: Env): void {
  if (value !== undefined && value !== null) return;
  const whole = env.unit.text.slice(node.start - env.unit.shift, node.end - env.unit.shift);
  const shown = whole.length > MAX_SHOWN_LENGTH ? `${whole.slice(0, MAX_SHOWN_LENGTH)}…` : whole;
  if (shown === String(value)) return;
  const variable = /^process\.env(?:\.(\w+)|\[['"](\w+)['"]\])!?$/.exec(whole);
  const name = variable?.[1] ?? variable?.[2];
  const message =
    name === undefined
      ? `${shown} is ${value}, so the string contains "${value}" instead`
      : `the variable ${name} of the environment is not set, so the string contains "undefined" instead`;
  const hint = `${name === undefined ? 'give' : `set ${name}, or give`} it a default: ${shown.replace(/!$/, '')} ?? '…'`;
  activeTrace().warn('undefined-text', message, hint, siteOf(env.unit, node));
}

/** Emits the warning of `warnUndefinedText` for an operand of `'a' + b`. */
export function warnUndefinedOperand(node: BinaryExpression, left: unknown, right: unknown, env: Env): void {
  if (typeof left === 'string') warnUndefinedText(node.right, right, env);
  else if (typeof right === 'string') warnUndefinedText(node.left, left, env);
}
