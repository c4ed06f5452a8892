import * as libraries from '../../packages/cel/src/lib/index.ts';
import type { Library, Overload } from '../../packages/cel/src/library.ts';
import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  listType,
  mapType,
  NULL,
  optionalType,
  STRING,
  TIMESTAMP,
  typeToString,
  UINT,
  type CelType,
} from '../../packages/cel/src/types.ts';
import { pick, type Choices } from './choices.ts';

/** The variables of generated expressions. Tests may bind any values to them. */
export const VARIABLES: Readonly<Record<string, CelType>> = {
  i: INT,
  u: UINT,
  d: DOUBLE,
  b: BOOL,
  s: STRING,
  bs: BYTES,
  ts: TIMESTAMP,
  dur: DURATION,
  li: listType(INT),
  ls: listType(STRING),
  ld: listType(DYN),
  ms: mapType(STRING, STRING),
  mi: mapType(STRING, INT),
  md: mapType(STRING, DYN),
  x: DYN,
  y: DYN,
};

const FIELDS = [
  'a',
  'b',
  'name',
  'items',
  'constructor',
  '__proto__',
  'toString',
  'hasOwnProperty',
  'length',
  'prototype',
];

const LITERALS: Readonly<Record<string, readonly string[]>> = {
  bool: ['true', 'false'],
  bytes: ['b"a"', 'b""', 'b"\\xff"', 'bytes("é")'],
  double: ['1.0', '0.5', '-2.5', '1e308', '0.0 / 0.0', '1.0 / 0.0', '5e-324', '-0.0'],
  duration: ['duration("1s")', 'duration("-90m")', 'duration("2562047h")', 'duration("x")'],
  dyn: ['dyn(1)', 'null', '{}', '[]', 'dyn("a")', 'dyn(1u)', 'dyn([1, "a", null])', 'dyn({"a": {"b": [1]}})'],
  int: ['1', '0', '-1', '3', '9223372036854775807', '-9223372036854775808', '9007199254740993', '1000000'],
  null: ['null'],
  string: [
    '"a"',
    '""',
    '"héllo ☃🙂"',
    '"a,b,c"',
    '"1"',
    '"%s-%d"',
    '"(a+)+$"',
    '"["',
    '"https://h:1/p?q=1"',
    '"1.2.3"',
    '"10.0.0.0/8"',
    '"2Gi"',
    '"{\\"a\\": [1]}"',
  ],
  timestamp: [
    'timestamp("2026-01-01T00:00:00Z")',
    'timestamp(0)',
    'timestamp("9999-12-31T23:59:59Z")',
    'timestamp("x")',
  ],
  'kubernetes.Quantity': ['quantity("1Gi")', 'quantity("100m")', 'quantity("-1.5")', 'quantity("x")'],
  'kubernetes.Semver': ['semver("1.2.3")', 'semver("1.0.0-rc.1")', 'semver("1")'],
  'kubernetes.URL': ['url("https://h:1/p?q=1#f")', 'url("/x")', 'url("")'],
  'kro.run.Condition': ['runtime.newCondition({type: "A", status: "True"})', 'runtime.condition(x, "Ready")'],
  'kro.run.Runtime': ['runtime'],
  'net.CIDR': ['cidr("10.1.2.3/8")', 'cidr("::1/64")', 'cidr("x")'],
  'net.IP': ['ip("10.0.0.1")', 'ip("fe80::1")', 'ip("x")'],
  uint: ['1u', '0u', '18446744073709551615u'],
};

/**
 * The overloads of all libraries, by the printed type of their results. An overload whose result is a type parameter
 * has the key `dyn`.
 */
const FUNCTIONS = collect();

interface Callable {
  readonly name: string;
  readonly overload: Overload;
}

function collect(): ReadonlyMap<string, readonly Callable[]> {
  const byResult = new Map<string, Callable[]>();
  for (const library of Object.values(libraries) as (Library | object)[]) {
    if (!('functions' in library)) continue;
    for (const { name, overloads } of library.functions ?? []) {
      // A name that begins with `@`, or that has `@` after a dot, such as `cel.@mapInsert`, belongs to the helpers of
      // macros.
      if (/^@|\.@/.test(name)) continue;
      for (const overload of overloads) {
        const key = typeToString(overload.result.kind === 'param' ? DYN : overload.result);
        byResult.set(key, [...(byResult.get(key) ?? []), { name, overload }]);
      }
    }
  }
  return byResult;
}

/** Generates a CEL expression, which is usually well-typed. The value of its result is not known. */
export function generateExpression(choices: Choices, type?: CelType, depth = 4): string {
  return new Generator(choices).expression(type ?? pick(choices, Object.values(VARIABLES)), depth);
}

class Generator {
  readonly #choices: Choices;
  #names = 0;
  #scope: { readonly name: string; readonly type: CelType }[];

  constructor(choices: Choices) {
    this.#choices = choices;
    this.#scope = Object.entries(VARIABLES).map(([name, type]) => ({ name, type }));
  }

  #below(n: number): number {
    return this.#choices.below(n);
  }

  expression(wanted: CelType, depth: number): string {
    // One expression in forty may have another type than the requested type. The checker must not throw in this case.
    const type = this.#below(40) === 39 ? pick(this.#choices, Object.values(VARIABLES)) : wanted;
    if (depth <= 0) return this.#leaf(type);
    const forms: (() => string | undefined)[] = [
      () => this.#leaf(type),
      () => this.#operator(type, depth),
      () => this.#call(type, depth),
      () => this.#call(type, depth),
      () =>
        `(${this.expression(BOOL, depth - 1)} ? ${this.expression(type, depth - 1)} : ${this.expression(type, depth - 1)})`,
      () => this.#access(type, depth),
      () => this.#macro(type, depth),
    ];
    return pick(this.#choices, forms)() ?? this.#leaf(type);
  }

  #leaf(type: CelType): string {
    const variables = this.#scope.filter((variable) => typeToString(variable.type) === typeToString(type));
    if (variables.length > 0 && this.#below(2) === 0) return pick(this.#choices, variables).name;
    if (type.kind === 'list') return `[${this.#several(() => this.#leaf(type.params[0] ?? DYN))}]`;
    if (type.kind === 'map') {
      return `{${this.#several(() => `${this.#leaf(type.params[0] ?? STRING)}: ${this.#leaf(type.params[1] ?? DYN)}`)}}`;
    }
    if (type.name === 'optional_type') return `optional.of(${this.#leaf(type.params[0] ?? DYN)})`;
    const literals = LITERALS[type.name] ?? LITERALS[type.kind] ?? ['null'];
    return pick(this.#choices, literals);
  }

  #several(make: () => string): string {
    return Array.from({ length: this.#below(4) }, make).join(', ');
  }

  #operator(type: CelType, depth: number): string | undefined {
    const both = (operand: CelType, operators: readonly string[]): string =>
      `(${this.expression(operand, depth - 1)} ${pick(this.#choices, operators)} ${this.expression(operand, depth - 1)})`;
    switch (type.kind) {
      case 'bool':
        return pick(this.#choices, [
          () => both(BOOL, ['&&', '||']),
          () => `!${this.expression(BOOL, depth - 1)}`,
          () =>
            both(pick(this.#choices, [INT, UINT, DOUBLE, STRING, DURATION, TIMESTAMP, BYTES]), [
              '<',
              '<=',
              '>',
              '>=',
              '==',
              '!=',
            ]),
          () => both(DYN, ['==', '!=', '<']),
          () => `(${this.expression(INT, depth - 1)} in ${this.expression(listType(INT), depth - 1)})`,
        ])();
      case 'int':
      case 'uint':
        return both(type, ['+', '-', '*', '/', '%']);
      case 'double':
        return both(type, ['+', '-', '*', '/']);
      case 'string':
      case 'bytes':
      case 'list':
        return both(type, ['+']);
      case 'duration':
        return pick(this.#choices, [() => both(DURATION, ['+', '-']), () => both(TIMESTAMP, ['-'])])();
      case 'timestamp':
        return `(${this.expression(TIMESTAMP, depth - 1)} ${pick(this.#choices, ['+', '-'])} ${this.expression(DURATION, depth - 1)})`;
      case 'dyn':
        return `dyn(${this.expression(pick(this.#choices, Object.values(VARIABLES)), depth - 1)})`;
      default:
        return undefined;
    }
  }

  #call(type: CelType, depth: number): string | undefined {
    const candidates = [...(FUNCTIONS.get(typeToString(type)) ?? []), ...(type.kind === 'dyn' ? [] : [])];
    if (candidates.length === 0) return undefined;
    const { name, overload } = pick(this.#choices, candidates);
    // A type parameter has one type in the whole call.
    const bound = new Map<string, CelType>();
    const args = overload.params.map((parameter) => this.expression(this.#concrete(parameter, bound), depth - 1));
    if (!overload.member) return `${name}(${args.join(', ')})`;
    const [receiver = 'x', ...rest] = args;
    return `${receiver}.${name}(${rest.join(', ')})`;
  }

  #concrete(type: CelType, bound: Map<string, CelType>): CelType {
    if (type.kind === 'param') {
      const known = bound.get(type.name) ?? pick(this.#choices, [INT, STRING, DYN, DOUBLE, BOOL]);
      bound.set(type.name, known);
      return known;
    }
    if (type.params.length === 0) return type;
    return { ...type, params: type.params.map((param) => this.#concrete(param, bound)) };
  }

  #access(type: CelType, depth: number): string | undefined {
    const field = pick(this.#choices, FIELDS);
    if (type.kind === 'dyn') {
      const operand = this.expression(pick(this.#choices, [DYN, VARIABLES.md ?? DYN]), depth - 1);
      return pick(this.#choices, [
        () => `${operand}.${field}`,
        () => `${operand}[${this.expression(pick(this.#choices, [STRING, INT, DYN]), depth - 1)}]`,
        () => `${operand}["${field}"]`,
        () => `${operand}.?${field}.orValue(${this.expression(DYN, depth - 1)})`,
        () => `${operand}.\`${field}\``,
      ])();
    }
    if (type.kind === 'bool') return `has(${pick(this.#choices, ['md', 'x', 'mi'])}.${field})`;
    if (type.kind === 'int') {
      return pick(this.#choices, [
        () => `${this.expression(listType(INT), depth - 1)}[${this.expression(INT, depth - 1)}]`,
        () => `size(${this.expression(pick(this.#choices, [STRING, BYTES, listType(DYN), DYN]), depth - 1)})`,
        () => `int(${this.expression(pick(this.#choices, [STRING, DOUBLE, UINT, TIMESTAMP]), depth - 1)})`,
      ])();
    }
    if (type.kind === 'string') {
      const operand = pick(this.#choices, [INT, DOUBLE, UINT, BOOL, BYTES, TIMESTAMP, DURATION, DYN]);
      return `string(${this.expression(operand, depth - 1)})`;
    }
    if (type.name === optionalType(DYN).name) return `x.?${field}`;
    return undefined;
  }

  #macro(type: CelType, depth: number): string | undefined {
    const element = pick(this.#choices, [INT, STRING, DYN]);
    const list = this.expression(listType(element), depth - 1);
    const name = `v${(this.#names += 1)}`;
    const within = (inner: CelType): string => {
      this.#scope.push({ name, type: element });
      const text = this.expression(inner, depth - 1);
      this.#scope.pop();
      return text;
    };
    switch (type.kind) {
      case 'bool':
        return `${list}.${pick(this.#choices, ['all', 'exists', 'exists_one'])}(${name}, ${within(BOOL)})`;
      case 'list': {
        if (typeToString(type.params[0] ?? DYN) === typeToString(element) && this.#below(2) === 0) {
          return pick(this.#choices, [
            () => `${list}.filter(${name}, ${within(BOOL)})`,
            () => `${list}.sortBy(${name}, ${within(pick(this.#choices, [INT, STRING]))})`,
          ])();
        }
        return `${list}.map(${name}, ${within(type.params[0] ?? DYN)})`;
      }
      case 'map':
        return `${this.expression(mapType(STRING, INT), depth - 1)}.transformMap(k${name}, ${name}, ${within(type.params[1] ?? DYN)})`;
      case 'null':
        return undefined;
      default:
        return `cel.bind(${name}, ${this.expression(element, depth - 1)}, ${within(type)})`;
    }
  }
}

/** The result types that a caller may request for an expression. */
export const RESULT_TYPES: readonly CelType[] = [
  ...Object.values(VARIABLES),
  NULL,
  listType(listType(INT)),
  optionalType(DYN),
  optionalType(INT),
];
