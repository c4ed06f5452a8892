import type { Expr } from './ast.ts';
import type { Macro, MacroBuilder } from './library.ts';
import { expanded } from './syntax/macro-expander.ts';

/** The name of the accumulator of comprehensions. The syntax of CEL does not allow this name in an expression. */
export const ACCUMULATOR = '@result';

/** The loop variable of a fold that only binds a name. */
export const UNUSED = '#unused';

type Expansion = ReturnType<Macro['expand']>;

const error = (expr: Expr, message: string): Expansion => ({ error: { expr, message } });

/** The name of an expression that is only an identifier; undefined for any other expression. */
function nameOf(expr: Expr | undefined): string | undefined {
  return expr?.kind === 'ident' ? expr.name : undefined;
}

const isAccumulator = (name: string) => name === ACCUMULATOR || name === '__result__';

function member(
  name: string,
  args: number,
  expand: (build: MacroBuilder, target: Expr, args: readonly Expr[]) => Expansion,
): Macro {
  return { name, member: true, args, expand: (build, target, list) => expand(build, target as Expr, list) };
}

const has: Macro = {
  name: 'has',
  member: false,
  args: 1,
  expand: (build, _target, args) => {
    const argument = args[0] as Expr;
    const select = expanded(argument);
    if (select.kind !== 'select' || select.optional) return error(argument, 'invalid argument to has() macro');
    return { expr: build.select(select.operand, select.field, true) };
  },
};

interface Quantifier {
  readonly init: boolean | number;
  condition(build: MacroBuilder, accumulator: () => Expr): Expr;
  step(build: MacroBuilder, accumulator: () => Expr, predicate: Expr): Expr;
  result(build: MacroBuilder, accumulator: () => Expr): Expr;
}

const ALL: Quantifier = {
  init: true,
  condition: (build, accumulator) => build.call('@not_strictly_false', [accumulator()]),
  step: (build, accumulator, predicate) => build.call('_&&_', [accumulator(), predicate]),
  result: (_build, accumulator) => accumulator(),
};

const EXISTS: Quantifier = {
  init: false,
  condition: (build, accumulator) => build.call('@not_strictly_false', [build.call('!_', [accumulator()])]),
  step: (build, accumulator, predicate) => build.call('_||_', [accumulator(), predicate]),
  result: (_build, accumulator) => accumulator(),
};

const EXISTS_ONE: Quantifier = {
  init: 0,
  condition: (build) => build.literal(true),
  step: (build, accumulator, predicate) =>
    build.call('_?_:_', [predicate, build.call('_+_', [accumulator(), build.literal(1)]), accumulator()]),
  result: (build, accumulator) => build.call('_==_', [accumulator(), build.literal(1)]),
};

function quantify(
  quantifier: Quantifier,
  build: MacroBuilder,
  range: Expr,
  variables: string[],
  predicate: Expr,
): Expr {
  const accumulator = () => build.ident(ACCUMULATOR);
  const [variable = '', variable2] = variables;
  return build.fold({
    range,
    variable,
    ...(variable2 === undefined ? {} : { variable2 }),
    accumulator: ACCUMULATOR,
    init: build.literal(quantifier.init),
    condition: quantifier.condition(build, accumulator),
    step: quantifier.step(build, accumulator, predicate),
    result: quantifier.result(build, accumulator),
  });
}

function oneVariable(name: string, quantifier: Quantifier): Macro {
  return member(name, 2, (build, target, args) => {
    const [variable, predicate] = args as [Expr, Expr];
    const id = nameOf(variable);
    if (id === undefined) return error(variable, 'argument must be a simple name');
    if (isAccumulator(id)) return error(variable, 'iteration variable overwrites accumulator variable');
    return { expr: quantify(quantifier, build, target, [id], predicate) };
  });
}

/** The names of the two loop variables, or the error of the call. */
function loopVariables(first: Expr, second: Expr): [string, string] | Expansion {
  const one = nameOf(first);
  if (one === undefined) return error(first, 'argument must be a simple name');
  const two = nameOf(second);
  if (two === undefined) return error(second, 'argument must be a simple name');
  if (one === two) return error(second, `duplicate variable name: ${one}`);
  if (isAccumulator(one)) return error(first, 'iteration variable overwrites accumulator variable');
  if (isAccumulator(two)) return error(second, 'iteration variable overwrites accumulator variable');
  return [one, two];
}

function twoVariables(name: string, quantifier: Quantifier): Macro {
  return member(name, 3, (build, target, args) => {
    const [first, second, predicate] = args as [Expr, Expr, Expr];
    const variables = loopVariables(first, second);
    if (!Array.isArray(variables)) return variables;
    return { expr: quantify(quantifier, build, target, variables, predicate) };
  });
}

/** Builds a fold that collects elements. If `filter` is true for an element, `step` adds it to the accumulator. */
function collect(
  build: MacroBuilder,
  range: Expr,
  variables: readonly string[],
  init: Expr,
  filter: Expr | undefined,
  step: Expr,
): Expr {
  const [variable = '', variable2] = variables;
  return build.fold({
    range,
    variable,
    ...(variable2 === undefined ? {} : { variable2 }),
    accumulator: ACCUMULATOR,
    init,
    condition: build.literal(true),
    step: filter === undefined ? step : build.call('_?_:_', [filter, step, build.ident(ACCUMULATOR)]),
    result: build.ident(ACCUMULATOR),
  });
}

const append = (build: MacroBuilder, element: Expr) =>
  build.call('_+_', [build.ident(ACCUMULATOR), build.list([element])]);

function expandMap(build: MacroBuilder, target: Expr, args: readonly Expr[]): Expansion {
  const [variable, second, third] = args as [Expr, Expr, Expr | undefined];
  const id = nameOf(variable);
  if (id === undefined) return error(variable, 'argument is not an identifier');
  if (isAccumulator(id)) return error(variable, 'iteration variable overwrites accumulator variable');
  const filter = third === undefined ? undefined : second;
  return { expr: collect(build, target, [id], build.list([]), filter, append(build, third ?? second)) };
}

const filter = member('filter', 2, (build, target, args) => {
  const [variable, predicate] = args as [Expr, Expr];
  const id = nameOf(variable);
  if (id === undefined) return error(variable, 'argument is not an identifier');
  if (isAccumulator(id)) return error(variable, 'iteration variable overwrites accumulator variable');
  return { expr: collect(build, target, [id], build.list([]), predicate, append(build, variable)) };
});

/** The standard macros: `has`, `all`, `exists`, `exists_one`, `existsOne`, `map`, `filter`. */
export const STANDARD_MACROS: readonly Macro[] = [
  has,
  oneVariable('all', ALL),
  oneVariable('exists', EXISTS),
  oneVariable('exists_one', EXISTS_ONE),
  oneVariable('existsOne', EXISTS_ONE),
  member('map', 2, expandMap),
  member('map', 3, expandMap),
  filter,
];

type Transform = (build: MacroBuilder, variables: [string, string], value: Expr) => { init: Expr; step: Expr };

function transform(name: string, args: 3 | 4, make: Transform): Macro {
  return member(name, args, (build, target, list) => {
    const variables = loopVariables(list[0] as Expr, list[1] as Expr);
    if (!Array.isArray(variables)) return variables;
    const { init, step } = make(build, variables, list[args - 1] as Expr);
    return { expr: collect(build, target, variables, init, args === 4 ? list[2] : undefined, step) };
  });
}

const intoList: Transform = (build, _variables, value) => ({ init: build.list([]), step: append(build, value) });
const intoMap: Transform = (build, [key], value) => ({
  init: build.map([]),
  step: build.call('cel.@mapInsert', [build.ident(ACCUMULATOR), build.ident(key), value]),
});
const intoEntries: Transform = (build, _variables, value) => ({
  init: build.map([]),
  step: build.call('cel.@mapInsert', [build.ident(ACCUMULATOR), value]),
});

/** The comprehension macros with two variables, key (or index) and value, and the three `transform…` macros. */
export const TWO_VARIABLE_MACROS: readonly Macro[] = [
  twoVariables('all', ALL),
  twoVariables('exists', EXISTS),
  twoVariables('existsOne', EXISTS_ONE),
  twoVariables('exists_one', EXISTS_ONE),
  transform('transformList', 3, intoList),
  transform('transformList', 4, intoList),
  transform('transformMap', 3, intoMap),
  transform('transformMap', 4, intoMap),
  transform('transformMapEntry', 3, intoEntries),
  transform('transformMapEntry', 4, intoEntries),
];

/** A fold over an empty list, which binds `name` to `value` for `body`. */
function bind(build: MacroBuilder, name: string, value: Expr, body: Expr): Expr {
  return build.fold({
    range: build.list([]),
    variable: UNUSED,
    accumulator: name,
    init: value,
    condition: build.literal(false),
    step: build.ident(name),
    result: body,
  });
}

/** `cel.bind(name, value, expression)`. */
export const BIND_MACRO: Macro = member('bind', 3, (build, target, args) => {
  if (nameOf(target) !== 'cel') return undefined;
  const [variable, value, body] = args as [Expr, Expr, Expr];
  const name = nameOf(variable);
  if (name === undefined) return error(variable, 'cel.bind() variable names must be simple identifiers');
  return { expr: bind(build, name, value, body) };
});

/** The name to which an expansion of `optMap` or `optFlatMap` binds the operand. */
const OPTIONAL_TARGET = '@target';

function optionalMacro(name: string, wrap: (build: MacroBuilder, expr: Expr) => Expr): Macro {
  return member(name, 2, (build, target, args) => {
    const [variable, body] = args as [Expr, Expr];
    const id = nameOf(variable);
    if (id === undefined) return error(variable, `${name}() variable name must be a simple identifier`);
    // The expansion contains the operand twice. Unless the operand is a name, the expansion first binds it to a name.
    const isName = nameOf(target) !== undefined;
    const operand = (): Expr => (isName ? target : build.ident(OPTIONAL_TARGET));
    const value = build.member('value', operand(), []);
    const mapped = build.call('_?_:_', [
      build.member('hasValue', operand(), []),
      wrap(build, bind(build, id, value, body)),
      build.call('optional.none', []),
    ]);
    const expr = isName ? mapped : bind(build, OPTIONAL_TARGET, target, mapped);
    return { expr };
  });
}

/** `optMap` and `optFlatMap`. */
export const OPTIONAL_MACROS: readonly Macro[] = [
  optionalMacro('optMap', (build, expr) => build.call('optional.of', [expr])),
  optionalMacro('optFlatMap', (_build, expr) => expr),
];

const SORT_INPUT = '@__sortBy_input__';
const SORTABLE = new Set(['list', 'select', 'ident', 'comprehension', 'call']);

/** `list.sortBy(e, key)`: sorts by a key computed for each element. */
export const SORT_BY_MACRO: Macro = member('sortBy', 2, (build, target, args) => {
  if (!SORTABLE.has(expanded(target).kind)) {
    const message = 'sortBy can only be applied to a list, identifier, comprehension, call or select expression';
    return error(target, message);
  }
  const keys = expandMap(build, build.ident(SORT_INPUT), args);
  if (keys === undefined || 'error' in keys) return keys;
  const sorted = build.member('@sortByAssociatedKeys', build.ident(SORT_INPUT), [keys.expr]);
  return { expr: bind(build, SORT_INPUT, target, sorted) };
});

const CONDITION_KEYS: readonly string[] = ['type', 'status', 'reason', 'message'];

/** kro's `runtime.newCondition({type: …, status: …})`, whose bare keys become strings. */
export const NEW_CONDITION_MACRO: Macro = member('newCondition', 1, (build, target, args) => {
  if (nameOf(target) !== 'runtime') return undefined;
  const argument = args[0] as Expr;
  const prefix = 'runtime.newCondition:';
  const map = expanded(argument);
  if (map.kind !== 'map') return error(argument, `${prefix} argument must be a map literal`);
  const seen = new Set<string>();
  const entries: [Expr, Expr][] = [];
  for (const { key, value } of map.entries) {
    const name = nameOf(key);
    if (name === undefined) {
      const allowed = CONDITION_KEYS.join(', ');
      return error(
        key,
        `${prefix} keys must be bare identifiers (${allowed}); quoted or computed keys are not allowed`,
      );
    }
    if (!CONDITION_KEYS.includes(name)) {
      return error(key, `${prefix} unknown key ${JSON.stringify(name)} (allowed: ${CONDITION_KEYS.join(', ')})`);
    }
    if (seen.has(name)) return error(key, `${prefix} duplicate key ${JSON.stringify(name)}`);
    seen.add(name);
    entries.push([build.literal(name), value]);
  }
  for (const required of ['type', 'status']) {
    if (!seen.has(required)) return error(argument, `${prefix} '${required}' is required`);
  }
  return { expr: build.member('newCondition', target, [build.map(entries)]) };
});
