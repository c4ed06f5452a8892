import { type Checked, estimateCost } from '@typekro/cel';
import type { FieldError } from '@typekro/kit/kubernetes';
import type { Schema } from '@typekro/engine/schema';
import { fieldForbidden } from '../errors/field-problems.ts';
import { sizeAtPath, timesInRequest } from './rule-sizes.ts';

/** The maximum estimated cost of one expression, over all its evaluations for one object. */
const MAX_EXPRESSION_COST = 10_000_000;
/** The maximum estimated cost of all expressions of a schema. */
const MAX_SCHEMA_COST = 100_000_000;
/** The maximum number of rules that are named when the total cost is too high. These are the most expensive rules. */
const MAX_NAMED_RULES = 4;

const HINT =
  'try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared';

/** The API server's message for a cost that exceeds a limit. The message contains the factor between cost and limit. */
function excess(what: string, cost: number, limit: number): string {
  const factor = cost / limit;
  const shown = factor > 100 ? 'more than 100x' : `${factor.toFixed(factor < 1.5 ? 6 : 1)}x`;
  return `${what} exceeds budget by factor of ${shown} (${HINT})`;
}

/** Adds up the costs of the rules of one schema. `finish` resets the sum for the next schema. */
export class RuleCosts {
  #total = 0;
  #expensive: { readonly field: string; readonly cost: number }[] = [];

  /**
   * Adds one rule, and returns an error when the rule costs too much. `times` is the maximum number of values in one
   * object to which the rule applies; `undefined` when this number has no bound.
   */
  rule(checked: Checked, schema: Schema, resource: boolean, times: number | undefined, field: string): FieldError[] {
    const each = estimateCost(checked, (path) => sizeAtPath(schema, resource, path)).max;
    return this.#observe(each * (times ?? timesInRequest(schema)), field, 'estimated rule cost');
  }

  /**
   * Adds a `messageExpression`, and returns an error when it costs too much. The cost counts once, because the
   * expression is evaluated at most once.
   */
  message(checked: Checked, schema: Schema, resource: boolean, field: string): FieldError[] {
    const cost = estimateCost(checked, (path) => sizeAtPath(schema, resource, path)).max;
    return this.#observe(cost, field, 'estimated messageExpression cost');
  }

  #observe(cost: number, field: string, what: string): FieldError[] {
    this.#total += cost;
    if (cost >= MAX_SCHEMA_COST / 100) this.#expensive.push({ field, cost });
    return cost > MAX_EXPRESSION_COST ? [fieldForbidden(field, excess(what, cost, MAX_EXPRESSION_COST))] : [];
  }

  /** Returns the errors for the total cost of the schema at `field`, and resets the total for the next schema. */
  finish(field: string): FieldError[] {
    const [total, expensive] = [this.#total, this.#expensive];
    this.#total = 0;
    this.#expensive = [];
    if (total <= MAX_SCHEMA_COST) return [];
    const mostExpensive = expensive.toSorted((a, b) => b.cost - a.cost).slice(0, MAX_NAMED_RULES);
    const contributed = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
    const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
    return [
      ...mostExpensive.map((entry) => fieldForbidden(entry.field, contributed)),
      fieldForbidden(field, excess(what, total, MAX_SCHEMA_COST)),
    ];
  }
}
