import type { AnyNode, Expression, MemberExpression } from 'acorn';
import { getMember } from '../library/member.ts';
import { memberKeyOf } from '../library/key.ts';
import { deleteKey, writeMember } from '../library/write-member.ts';
import { refuse } from '../refusal/refusal.ts';
import { type Env, readName, writeName } from './env.ts';

/** A target of an assignment, with its object and key evaluated. */
export interface AssignmentTarget {
  read(): unknown;
  write(value: unknown): void;
}

/** The target that an expression names. */
export function assignTo(node: AnyNode, env: Env): AssignmentTarget {
  if (node.type === 'Identifier') {
    return { read: () => readName(env, node.name), write: (value) => writeName(env, node.name, value) };
  }
  if (node.type === 'MemberExpression') {
    const { object, key } = parts(node, env);
    return { read: () => getMember(object, key), write: (value) => writeMember(object, key, value) };
  }
  return refuse('unsupported', `assignment to ${node.type} cannot be traced`);
}

function parts(node: MemberExpression, env: Env) {
  if (node.object.type === 'Super') return refuse('this', '`super` cannot be changed');
  const object = env.interpreter.evaluate(node.object, env);
  if (node.computed) return { object, key: memberKeyOf(env.interpreter.evaluate(node.property as Expression, env)) };
  if (node.property.type !== 'Identifier') return refuse('unsupported', 'a private name cannot be traced');
  return { object, key: node.property.name };
}

/** Assigns a value to a member, which is the target of an assignment or of a destructuring pattern. */
export function assignMember(node: MemberExpression, value: unknown, env: Env): void {
  const { object, key } = parts(node, env);
  writeMember(object, key, value);
}

/** `delete object.key`. */
export function evaluateDelete(node: AnyNode, env: Env): boolean {
  if (node.type !== 'MemberExpression') return refuse('unsupported', 'delete of something that is not a member');
  const { object, key } = parts(node, env);
  deleteKey(object, key);
  return true;
}
