import type { Ast, Environment, Expr, Library, Program } from '@typekro/cel';
import {
  CelOptional,
  createEnvironment,
  DYN,
  KRO_LIBRARIES,
  math,
  nowLibrary,
  rewriteAst,
  sets,
  STRING,
  unparse,
} from '@typekro/cel';

/** An operator that decides between two outcomes of an expression. */
export interface DecisionPoint {
  /** The operator: `?:`, `||`, `&&`, `orValue`, `or`. */
  readonly operator: string;
  /** The source of the deciding operand: the condition, the left operand, or the optional. */
  readonly text: string;
}

/** An expression that reports the outcome of each of its decision points. */
export interface ObservedExpression {
  readonly points: readonly DecisionPoint[];
  /** Evaluates the expression. Calls `decided` with each decision of the evaluation. */
  observe(variables: Readonly<Record<string, unknown>>, decided: (point: number, way: boolean) => void): void;
}

/**
 * The name of the function that wraps deciding operands. Definitions cannot call this function, because their compiler
 * does not declare it.
 */
const OBSERVER = 'typekroDecision';

/** Receives the decisions of the current evaluation. */
let listener: ((point: number, way: boolean) => void) | undefined;

const observer: Library = {
  name: 'typekro.decisions',
  functions: [
    {
      name: OBSERVER,
      overloads: [
        {
          id: 'typekro_decision',
          params: [STRING, DYN],
          result: DYN,
          call: (point: string, value: unknown) => {
            const way = value instanceof CelOptional ? value.value !== undefined : value;
            if (typeof way === 'boolean') listener?.(Number(point), way);
            return value as never;
          },
        },
      ],
    },
  ],
};

/** An environment for expressions that read these variables. All variables have the type `dyn`. */
export function observingEnvironment(variables: readonly string[]): Environment {
  return createEnvironment({
    libraries: [...KRO_LIBRARIES, nowLibrary, math, sets, observer],
    variables: Object.fromEntries(variables.map((name) => [name, DYN])),
  });
}

/** Prepares an expression for observation; `undefined` if it has no decision points or does not parse. */
export function observedExpression(environment: Environment, text: string): ObservedExpression | undefined {
  const parsed = environment.parse(text);
  if (!parsed.ok) return undefined;
  const points: DecisionPoint[] = [];
  const rewritten = rewriteAst(parsed.ast, (expr) => withObserver(expr, points));
  if (points.length === 0) return undefined;
  const program = programOf(environment, rewritten);
  return {
    points,
    observe(variables, decided) {
      listener = decided;
      try {
        // A failure is ignored: the decisions before the failure were already reported.
        program?.evaluate(variables);
      } finally {
        listener = undefined;
      }
    },
  };
}

function programOf(environment: Environment, rewritten: Ast): Program | undefined {
  const parsed = environment.parse(unparse(rewritten));
  const planned = parsed.ok ? environment.plan(parsed.ast) : undefined;
  return planned?.ok === true ? planned.program : undefined;
}

const OPERATORS: Readonly<Record<string, string>> = { '_?_:_': '?:', '_||_': '||', '_&&_': '&&' };

function withObserver(expr: Expr, points: DecisionPoint[]): Expr {
  if (expr.kind !== 'call') return expr;
  const operator = Object.hasOwn(OPERATORS, expr.name) ? OPERATORS[expr.name] : undefined;
  const [first, ...rest] = expr.args;
  if (operator !== undefined && first !== undefined && expr.target === undefined) {
    return { ...expr, args: [observed(first, operator, points), ...rest] };
  }
  const isFallback = (expr.name === 'orValue' || expr.name === 'or') && expr.args.length === 1;
  if (!isFallback || expr.target === undefined) return expr;
  return { ...expr, target: observed(expr.target, expr.name, points) };
}

function observed(expr: Expr, operator: string, points: DecisionPoint[]): Expr {
  const place = { id: 0, start: expr.start, end: expr.end, at: expr.at };
  const index = points.push({ operator, text: withoutObservers(unparse({ text: '', expr })) }) - 1;
  const point: Expr = { ...place, kind: 'literal', type: 'string', value: String(index) };
  return { ...place, kind: 'call', name: OBSERVER, target: undefined, args: [point, expr] };
}

/**
 * Removes the observers of nested decision points from the source of an operand. The parentheses around their operands
 * stay.
 */
function withoutObservers(text: string): string {
  return text.replaceAll(new RegExp(`${OBSERVER}\\("\\d+", `, 'g'), '(');
}
