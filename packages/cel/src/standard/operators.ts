import { declare } from '../lib/define.ts';
import type { FunctionDeclaration, Library, Overload } from '../library.ts';
import { type Operator, dynamicArithmetic, dynamicNegate } from '../eval/arithmetic.ts';
import { equal, notEqual } from '../lib/equal.ts';
import type { CelType } from '../types.ts';
import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  INT,
  STRING,
  TIMESTAMP,
  UINT,
  listType,
  mapType,
  optionalType,
  typeParam,
} from '../types.ts';
import { type Value, fail } from '../values.ts';

const A = typeParam('A');
const B = typeParam('B');
const V = typeParam('V');
const K = typeParam('K');
const LIST_A = listType(A);
const MAP_AB = mapType(A, B);
const LIST_V = listType(V);
const MAP_KV = mapType(K, V);

/**
 * The placeholder implementation of an operator, which is never called. The planner plans operators by their names, and
 * uses only their signatures.
 */
function planned(): never {
  return fail('no such overload');
}

function overload(id: string, params: readonly CelType[], result: CelType, call: Overload['call'] = planned): Overload {
  return { id, params, result, call };
}

function arithmetic(
  operator: Operator,
  name: string,
  signatures: readonly (readonly [string, CelType, CelType, CelType])[],
): FunctionDeclaration {
  const call = (a: Value, b: Value) => dynamicArithmetic(operator, a, b);
  return {
    name: `_${operator}_`,
    overloads: signatures.map(([id, a, b, result]) => overload(`${name}_${id}`, [a, b], result, call)),
  };
}

const ORDERED: readonly (readonly [string, CelType, CelType])[] = [
  ['bool', BOOL, BOOL],
  ['int64', INT, INT],
  ['int64_double', INT, DOUBLE],
  ['int64_uint64', INT, UINT],
  ['uint64', UINT, UINT],
  ['uint64_double', UINT, DOUBLE],
  ['uint64_int64', UINT, INT],
  ['double', DOUBLE, DOUBLE],
  ['double_int64', DOUBLE, INT],
  ['double_uint64', DOUBLE, UINT],
  ['string', STRING, STRING],
  ['bytes', BYTES, BYTES],
  ['timestamp', TIMESTAMP, TIMESTAMP],
  ['duration', DURATION, DURATION],
];

function comparison(operator: string, name: string): FunctionDeclaration {
  return { name: `_${operator}_`, overloads: ORDERED.map(([id, a, b]) => overload(`${name}_${id}`, [a, b], BOOL)) };
}

/** Logic, arithmetic, comparison, indexing and membership. */
export const operators: Library = {
  name: 'stdlib.operators',
  functions: [
    declare('_?_:_', overload('conditional', [BOOL, A, A], A)),
    declare('_&&_', overload('logical_and', [BOOL, BOOL], BOOL)),
    declare('_||_', overload('logical_or', [BOOL, BOOL], BOOL)),
    declare(
      '!_',
      overload('logical_not', [BOOL], BOOL, (value: boolean) => !value),
    ),
    declare(
      '@not_strictly_false',
      overload('not_strictly_false', [BOOL], BOOL, (value: Value) => value),
    ),
    declare('_==_', overload('equals', [A, A], BOOL, equal)),
    declare('_!=_', overload('not_equals', [A, A], BOOL, notEqual)),
    arithmetic('+', 'add', [
      ['bytes', BYTES, BYTES, BYTES],
      ['double', DOUBLE, DOUBLE, DOUBLE],
      ['duration_duration', DURATION, DURATION, DURATION],
      ['duration_timestamp', DURATION, TIMESTAMP, TIMESTAMP],
      ['timestamp_duration', TIMESTAMP, DURATION, TIMESTAMP],
      ['int64', INT, INT, INT],
      ['list', LIST_A, LIST_A, LIST_A],
      ['string', STRING, STRING, STRING],
      ['uint64', UINT, UINT, UINT],
    ]),
    arithmetic('/', 'divide', [
      ['double', DOUBLE, DOUBLE, DOUBLE],
      ['int64', INT, INT, INT],
      ['uint64', UINT, UINT, UINT],
    ]),
    arithmetic('%', 'modulo', [
      ['int64', INT, INT, INT],
      ['uint64', UINT, UINT, UINT],
    ]),
    arithmetic('*', 'multiply', [
      ['double', DOUBLE, DOUBLE, DOUBLE],
      ['int64', INT, INT, INT],
      ['uint64', UINT, UINT, UINT],
    ]),
    declare(
      '-_',
      overload('negate_double', [DOUBLE], DOUBLE, (value: number) => -value),
      overload('negate_int64', [INT], INT, dynamicNegate),
    ),
    arithmetic('-', 'subtract', [
      ['double', DOUBLE, DOUBLE, DOUBLE],
      ['duration_duration', DURATION, DURATION, DURATION],
      ['int64', INT, INT, INT],
      ['timestamp_duration', TIMESTAMP, DURATION, TIMESTAMP],
      ['timestamp_timestamp', TIMESTAMP, TIMESTAMP, DURATION],
      ['uint64', UINT, UINT, UINT],
    ]),
    comparison('<', 'less'),
    comparison('<=', 'less_equals'),
    comparison('>', 'greater'),
    comparison('>=', 'greater_equals'),
    declare('_[_]', overload('index_list', [LIST_A, INT], A), overload('index_map', [MAP_AB, A], B)),
    declare('@in', overload('in_list', [A, LIST_A], BOOL), overload('in_map', [A, MAP_AB], BOOL)),
  ],
};

/** Indexing with `[?…]`, and indexing of optionals. */
export const optionalOperators: Library = {
  name: 'optional.operators',
  functions: [
    declare(
      '_[?_]',
      overload('list_optindex_optional_int', [LIST_V, INT], optionalType(V)),
      overload('optional_list_optindex_optional_int', [optionalType(LIST_V), INT], optionalType(V)),
      overload('map_optindex_optional_value', [MAP_KV, K], optionalType(V)),
      overload('optional_map_optindex_optional_value', [optionalType(MAP_KV), K], optionalType(V)),
    ),
    declare(
      '_[_]',
      overload('optional_list_index_int', [optionalType(LIST_V), INT], optionalType(V)),
      overload('optional_map_index_value', [optionalType(MAP_KV), K], optionalType(V)),
    ),
  ],
};

/** The function that the macros `transformMap` and `transformMapEntry` call. */
export const mapInsert: Library = {
  name: 'comprehensions.insert',
  functions: [
    declare(
      'cel.@mapInsert',
      overload('@mapInsert_map_map', [MAP_KV, MAP_KV], MAP_KV),
      overload('@mapInsert_map_key_value', [MAP_KV, K, V], MAP_KV),
    ),
  ],
};
