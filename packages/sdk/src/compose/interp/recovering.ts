import type { AnyNode, Statement } from 'acorn';
import { FollowUp, Refusal } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { symbolic } from '../value/proxy.ts';
import { POISON } from '../value/symbolic.ts';
import { type Completion, NORMAL } from './completion.ts';
import { type Env, withScope } from './env.ts';
import { closureOf } from '../value/closure.ts';
import { isForeign } from './host-calls.ts';
import { assignedNames, boundNames, visitNodes } from '../../javascript/index.ts';

/**
 * Executes a statement. After a refusal, records the refusal and interprets the rest of the composition, so that all
 * mistakes are reported at once. Variables that the statement would have declared or changed get the value `POISON`. A
 * read of this value is refused without another report. The composition as a whole stays refused.
 */
export function recovering(node: Statement, env: Env, work: () => Completion): Completion {
  try {
    return work();
  } catch (error) {
    // A refusal inside a foreign function is reported at the author's call.
    if (!(error instanceof Refusal) || (error.site !== undefined && isForeign(error.site))) throw error;
    if (!activeTrace().recover(error)) throw error;
    if (node.type === 'ReturnStatement') return { kind: 'return', value: POISON };
    if (leaves(node)) throw new FollowUp();
    poison(node, env);
    return NORMAL;
  }
}

/** Does the statement decide whether the next statements run? If so, they cannot be checked. */
function leaves(node: Statement): boolean {
  let found = false;
  visitNodes(
    node,
    (inner) => {
      if (/^(?:Return|Throw|Break|Continue)Statement$/.test(inner.type)) found = true;
    },
    false,
  );
  return found;
}

function poison(node: Statement, env: Env): void {
  if (node.type === 'ClassDeclaration') env.scope.declare(node.id.name, true, POISON, true);
  if (node.type === 'VariableDeclaration') {
    for (const { id } of node.declarations) for (const name of boundNames(id)) poisonDeclared(name, env);
  }
  for (const name of assignedNames(node)) poisonBinding(name, env);
  visitNodes(node, (inner) => poisonChanged(inner, env), true);
}

/** Poisons a declared name that has no value. Names before it in the declaration keep their values. */
function poisonDeclared(name: string, env: Env): void {
  const binding = env.scope.find(name);
  if (binding !== undefined && (!binding.initialised || binding.value === undefined)) poisonBinding(name, env);
}

function poisonBinding(name: string, env: Env): void {
  const binding = env.scope.find(name);
  if (binding === undefined) return;
  activeTrace().recordUndo(binding);
  binding.value = POISON;
  binding.initialised = true;
}

/** Poisons outer names whose objects the statement, or a function that it calls, may have changed. */
function poisonChanged(node: AnyNode, env: Env): void {
  if (node.type === 'VariableDeclaration' && node.kind === 'var') {
    for (const { id } of node.declarations) for (const name of boundNames(id)) poisonDeclared(name, env);
  }
  const changed =
    node.type === 'AssignmentExpression'
      ? node.left
      : node.type === 'UpdateExpression'
        ? node.argument
        : node.type === 'CallExpression'
          ? node.callee
          : undefined;
  if (changed === undefined) return;
  let root: AnyNode = changed;
  while (root.type === 'MemberExpression') root = root.object;
  if (root.type !== 'Identifier') return;
  const value = env.scope.find(root.name)?.value;
  if (root !== changed) {
    const own = typeof value === 'object' && value !== null && symbolic(value) === undefined;
    if (own && activeTrace().isTracked(value)) poisonBinding(root.name, env);
    return;
  }
  const closure = closureOf(value);
  if (closure !== undefined)
    for (const name of assignedNames(closure.node)) poisonBinding(name, withScope(env, closure.scope ?? env.scope));
}
