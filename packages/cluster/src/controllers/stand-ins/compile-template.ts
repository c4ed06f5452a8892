import { type Environment, type Value, EvalFailure, fail } from '@typekro/cel';
import { scanExpressions } from '@typekro/engine/graph';
import { type JsonValue, isJsonObject, setOwn, TypeKroError } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';

/**
 * The variables of an evaluation: its own, and those that `further` computes at their first use. A variable that cannot
 * be computed is undefined, because an expression may name it in a branch that is not taken.
 */
export class Variables extends Map<string, unknown> {
  /** The value of `now()`, in milliseconds since the epoch. */
  readonly now: number;
  /** The reasons why variables are undefined. */
  readonly problems: string[] = [];
  readonly #further: (name: string) => unknown;

  constructor(own: Iterable<readonly [string, unknown]>, now: number, further: (name: string) => unknown) {
    super(own);
    this.now = now;
    this.#further = further;
  }

  override get(name: string): unknown {
    if (!this.has(name)) this.set(name, this.#computed(name));
    return super.get(name);
  }

  #computed(name: string): unknown {
    try {
      return this.#further(name);
    } catch (thrown) {
      if (!(thrown instanceof EvalFailure)) throw thrown;
      this.problems.push(`${name}: ${thrown.message}`);
      return undefined;
    }
  }
}

/**
 * Fills a value whose strings and keys may contain `${…}`. A string that is one expression has the value of the
 * expression; in a longer string, all expressions must be strings.
 *
 * @throws EvalFailure with the place and the reason
 */
export type Template = (variables: Variables) => Value;

/**
 * Compiles a template.
 *
 * @param place names the value in errors, e.g. `kinds[0].reconcile[1]`
 * @throws TypeKroError `cluster/invalid-stand-in` for an expression that does not compile
 */
export function compileTemplate(value: JsonValue, environment: Environment, place: string): Template {
  if (typeof value === 'string') return compileText(value, environment, place);
  if (Array.isArray(value)) {
    const items = value.map((each, index) => compileTemplate(each, environment, `${place}[${index}]`));
    return (variables) => items.map((item) => item(variables));
  }
  if (!isJsonObject(value)) return () => value;
  const members = Object.entries(value).map(([key, each]) => {
    const at = `${place}.${key}`;
    return [compileText(key, environment, at), compileTemplate(each ?? null, environment, at)] as const;
  });
  return (variables) => {
    const filled: Record<string, Value> = {};
    for (const [key, member] of members) setOwn(filled, String(key(variables)), member(variables));
    return filled;
  };
}

function compileText(text: string, environment: Environment, place: string): Template {
  const scanned = scanExpressions(text);
  if (!scanned.ok) throw invalidStandIn(place, scanned.message);
  const parts = scanned.parts.map((part) =>
    part.kind === 'text' ? part.text : compileExpression(part.text, environment, place),
  );
  const [first] = parts;
  if (parts.length === 1 && typeof first === 'function') return first;
  return (variables) =>
    parts
      .map((part) => {
        const filled = typeof part === 'string' ? part : part(variables);
        return typeof filled === 'string' ? filled : fail(`${place}: an expression inside a text must be a string`);
      })
      .join('');
}

function compileExpression(text: string, environment: Environment, place: string): Template {
  const compiled = environment.compile(text);
  if (!compiled.ok) throw invalidStandIn(place, compiled.text);
  return (variables) => {
    const result = compiled.program.evaluate(variables, { now: variables.now, trusted: true });
    return result.ok ? result.value : fail(`${place}: ${result.error.message}`);
  };
}

export const invalidStandIn = (place: string, problem: string): TypeKroError =>
  new TypeKroError(`a stand-in is invalid at ${goQuote(place)}: ${problem}`, {
    code: 'cluster/invalid-stand-in',
    remedy: 'correct the file of the stand-in',
  });
