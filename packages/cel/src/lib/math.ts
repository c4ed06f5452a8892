import type { Expr } from '../ast.ts';
import type { CallContext, FunctionDeclaration, Library, Macro, Overload } from '../library.ts';
import { BOOL, DOUBLE, DYN, INT, listType, UINT, type CelType } from '../types.ts';
import { boxDouble, CelUint, checkedInt, doubleOf, fail, isInt, isNaNValue, type Int, type Value } from '../values.ts';
import { overload, declare } from './define.ts';
import { visitedElements } from './k8s/k8s-lists.ts';
import { compareValues } from './compare-values.ts';

const NUMBERS: readonly CelType[] = [DOUBLE, INT, UINT];

/** cel-go's math extension, all versions. Stock kro does not turn it on. */
export const math: Library = {
  name: 'cel.lib.ext.math',
  macros: [extremeMacro('least', 'math.@min'), extremeMacro('greatest', 'math.@max')],
  functions: [
    extremeFunction('math.@min', 1),
    extremeFunction('math.@max', -1),
    ofDouble('math.ceil', Math.ceil),
    ofDouble('math.floor', Math.floor),
    // Go rounds halves away from zero.
    ofDouble('math.round', roundHalfAway),
    ofDouble('math.trunc', Math.trunc),
    ofDouble('math.isInf', (x) => x === Infinity || x === -Infinity),
    ofDouble('math.isNaN', (x) => Number.isNaN(x)),
    ofDouble('math.isFinite', (x) => Number.isFinite(x)),
    declare(
      'math.abs',
      overload('math_abs_double', [DOUBLE], DOUBLE, (x: number) => Math.abs(x)),
      overload('math_abs_int', [INT], INT, (x: Int) => (x < 0 ? checkedInt(-BigInt(x)) : x)),
      overload('math_abs_uint', [UINT], UINT, (x: CelUint) => x),
    ),
    declare(
      'math.sign',
      overload('math_sign_double', [DOUBLE], DOUBLE, (x: number) => (Number.isNaN(x) ? x : x > 0 ? 1 : x < 0 ? -1 : 0)),
      overload('math_sign_int', [INT], INT, (x: Int) => (x > 0 ? 1 : x < 0 ? -1 : 0)),
      overload('math_sign_uint', [UINT], UINT, (x: CelUint) => new CelUint(x.value === 0n ? 0n : 1n)),
    ),
    bitwise('math.bitAnd', (a, b) => a & b),
    bitwise('math.bitOr', (a, b) => a | b),
    bitwise('math.bitXor', (a, b) => a ^ b),
    declare(
      'math.bitNot',
      overload('math_bitNot_int_int', [INT], INT, (x: Int) => checkedInt(~BigInt(x))),
      overload('math_bitNot_uint_uint', [UINT], UINT, (x: CelUint) => new CelUint(BigInt.asUintN(64, ~x.value))),
    ),
    // A shift to the right is a logical shift: a negative int becomes positive.
    shift('math.bitShiftLeft', (value, bits) => (bits > 63 ? 0n : value << BigInt(bits))),
    shift('math.bitShiftRight', (value, bits) => (bits > 63 ? 0n : value >> BigInt(bits))),
    declare(
      'math.sqrt',
      overload('math_sqrt_double', [DOUBLE], DOUBLE, (x: number) => Math.sqrt(x)),
      overload('math_sqrt_int', [INT], DOUBLE, (x: Int) => Math.sqrt(Number(x))),
      overload('math_sqrt_uint', [UINT], DOUBLE, (x: CelUint) => Math.sqrt(Number(x.value))),
    ),
  ],
};

function roundHalfAway(x: number): number {
  const whole = Math.trunc(x);
  return Math.abs(x - whole) >= 0.5 ? whole + Math.sign(x) : whole;
}

function ofDouble(name: string, compute: (x: number) => boolean | number): FunctionDeclaration {
  const result = typeof compute(0) === 'boolean' ? BOOL : DOUBLE;
  return declare(name, overload(`${name.replace('.', '_')}_double`, [DOUBLE], result, compute));
}

function bitwise(name: string, compute: (a: bigint, b: bigint) => bigint): FunctionDeclaration {
  const id = name.replace('.', '_');
  return declare(
    name,
    overload(`${id}_int_int`, [INT, INT], INT, (a: Int, b: Int) => checkedInt(compute(BigInt(a), BigInt(b)))),
    overload(`${id}_uint_uint`, [UINT, UINT], UINT, (a: CelUint, b: CelUint) => new CelUint(compute(a.value, b.value))),
  );
}

function shift(name: string, compute: (value: bigint, bits: number) => bigint): FunctionDeclaration {
  const id = name.replace('.', '_');
  const shifted = (value: bigint, bits: Int): bigint =>
    bits < 0 ? fail(`${name}() negative offset: ${bits}`) : compute(BigInt.asUintN(64, value), Number(bits));
  return declare(
    name,
    overload(`${id}_int_int`, [INT, INT], INT, (x: Int, bits: Int) =>
      checkedInt(BigInt.asIntN(64, shifted(BigInt(x), bits))),
    ),
    overload(
      `${id}_uint_int`,
      [UINT, INT],
      UINT,
      (x: CelUint, bits: Int) => new CelUint(BigInt.asUintN(64, shifted(x.value, bits))),
    ),
  );
}

/**
 * Converts a number of this static type to a value whose form alone shows its type (self-describing, see `values.ts`),
 * as a `dyn` result requires.
 */
function selfDescribing(type: CelType, value: Value): Value {
  return type === DOUBLE && typeof value === 'number' ? boxDouble(value) : value;
}

/**
 * Makes `least` or `greatest`. The function compares the current result with each following value. If the comparison
 * returns `replaces`, the value becomes the result.
 */
function extremeFunction(name: string, replaces: -1 | 1): FunctionDeclaration {
  const id = name.replace('.', '_');
  const pick = (a: Value, b: Value): Value => (compareNamed(name, a, b) === replaces ? b : a);
  const overloads: Overload[] = NUMBERS.map((type) => overload(`${id}_${type.name}`, [type], type, (x: Value) => x));
  for (const a of NUMBERS) {
    for (const b of NUMBERS) {
      const same = a === b;
      overloads.push(
        overload(`${id}_${a.name}_${b.name}`, [a, b], same ? a : DYN, (x: Value, y: Value) =>
          same ? pick(x, y) : pick(selfDescribing(a, x), selfDescribing(b, y)),
        ),
      );
    }
  }
  for (const type of NUMBERS) {
    overloads.push(
      overload(`${id}_list_${type.name}`, [listType(type)], type, (list: Value, context: CallContext) => {
        const elements = visitedElements(list, context);
        if (elements.length === 0) return fail(`${name}(list) argument must not be empty`);
        const best = elements.reduce((result, element) => pick(result, element));
        return isInt(best) || best instanceof CelUint || doubleOf(best) !== undefined
          ? best
          : fail(`no such overload: ${name}`);
      }),
    );
  }
  return { name, overloads };
}

function compareNamed(name: string, a: Value, b: Value): number {
  if (isNaNValue(a) || isNaNValue(b)) return fail(`NaN values cannot be ordered: ${name}`);
  if (!isNumber(a) || !isNumber(b)) return fail(`no such overload: ${name}`);
  return compareValues(a, b);
}

function isNumber(value: Value): boolean {
  return isInt(value) || value instanceof CelUint || doubleOf(value) !== undefined;
}

/** `math.least(…)` and `math.greatest(…)`, which take any number of arguments. */
function extremeMacro(name: string, functionName: string): Macro {
  const shown = `math.${name}()`;
  return {
    name,
    member: true,
    args: undefined,
    expand(build, target, args) {
      if (target?.kind !== 'ident' || target.name !== 'math') return undefined;
      const [first] = args;
      if (first === undefined) return refused(target, `${shown} requires at least one argument`);
      if (args.length === 1) {
        const fits = isNumericList(first) || isNumericArgument(first);
        if (!fits) return refused(first, `${shown} invalid single argument value`);
        return { expr: build.call(functionName, [first]) };
      }
      const bad = args.find((arg) => !isNumericArgument(arg));
      if (bad) return refused(bad, `${shown} simple literal arguments must be numeric`);
      return { expr: build.call(functionName, args.length === 2 ? args : [build.list(args)]) };
    },
  };
}

function refused(expr: Expr, message: string) {
  return { error: { expr, message } };
}

function isNumericArgument(expr: Expr): boolean {
  if (expr.kind === 'literal') return expr.type === 'int' || expr.type === 'uint' || expr.type === 'double';
  return expr.kind !== 'list' && expr.kind !== 'map' && expr.kind !== 'struct';
}

function isNumericList(expr: Expr): boolean {
  return expr.kind === 'list' && expr.elements.length > 0 && expr.elements.every(isNumericArgument);
}
