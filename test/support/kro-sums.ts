import { type Expr, kroEnvironment, walkAst } from '@typekro/cel';
import type { JsonValue } from '@typekro/kit/core';
import { scanExpressions } from '../../packages/engine/src/graph/expressions/scan.ts';

const environment = kroEnvironment();

/**
 * Finds the expressions of a definition that add lists in a way that kro 0.9 cannot evaluate. kro 0.9 cannot join a
 * literal list of lists or objects with a list from the instance or from an object (see `joinable.ts`). A list from the
 * instance or from an object causes no failure if it is the last part of the sum. The evaluator of this project can
 * evaluate these expressions. Therefore a comparison of values does not find them.
 */
export function sumsThatKroFails(definition: JsonValue): string[] {
  if (typeof definition === 'string') return expressionsOf(definition).filter(hasSuchSum);
  if (definition === null || typeof definition !== 'object') return [];
  return Object.values(definition).flatMap((value) => sumsThatKroFails(value as JsonValue));
}

function expressionsOf(text: string): string[] {
  const scanned = scanExpressions(text);
  return scanned.ok ? scanned.parts.filter(({ kind }) => kind === 'expression').map((part) => part.text) : [];
}

function hasSuchSum(text: string): boolean {
  const parsed = environment.parse(text);
  if (!parsed.ok) return false;
  let found = false;
  walkAst(parsed.ast.expr, (expr) => {
    const parts = partsOf(expr);
    if (parts.length > 1 && parts.some(hasLiteralElements) && !parts.slice(0, -1).every(isMadeByCel)) found = true;
  });
  return found;
}

function partsOf(expr: Expr): Expr[] {
  if (expr.kind !== 'call' || expr.name !== '_+_') return [withoutDyn(expr)];
  return expr.args.flatMap(partsOf);
}

function withoutDyn(expr: Expr): Expr {
  const [inner] = expr.kind === 'call' && expr.name === 'dyn' ? expr.args : [];
  return inner === undefined ? expr : withoutDyn(inner);
}

function hasLiteralElements(expr: Expr): boolean {
  return expr.kind === 'list' && expr.elements.some((element) => ['list', 'map'].includes(withoutDyn(element).kind));
}

function isMadeByCel(expr: Expr): boolean {
  if (expr.kind === 'macro') return expr.call.name === 'map' || expr.call.name === 'filter';
  if (expr.kind !== 'call') return expr.kind === 'list';
  if (expr.name === '_?_:_') return expr.args.slice(1).every((branch) => isMadeByCel(withoutDyn(branch)));
  return ['split', 'slice', 'reverse', 'flatten', 'lists.range'].includes(expr.name);
}
