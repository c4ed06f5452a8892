import { firstDefined } from '@typekro/kit/core';
import type { VariableOptions } from '../api.ts';
import { kubernetesLiterals } from '../lib/k8s/k8s-literals.ts';
import type { FunctionDeclaration, Library, Validator } from '../library.ts';
import { type TypeProvider, EMPTY_PROVIDER } from '../provider.ts';
import type { CelType } from '../types.ts';
import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  NULL,
  STRING,
  TIMESTAMP,
  TYPE,
  UINT,
  listType,
  mapType,
  optionalType,
  structType,
  typeType,
} from '../types.ts';
import type { Value } from '../values.ts';

/** A declared variable. */
export interface DeclaredVariable extends VariableOptions {
  readonly name: string;
  /** The constant value of the variable, if a library defines it. */
  readonly value?: Value;
}

/** The meaning of a name that is not a local variable. */
export type Global =
  | { readonly kind: 'variable'; readonly variable: DeclaredVariable; readonly type: CelType }
  | { readonly kind: 'type'; readonly name: string; readonly type: CelType };

/**
 * How expressions may use names of types as values. `full`: everywhere. `checkOnly`, as in kro's typed environments:
 * the checker accepts the names in `CHECK_ONLY_TYPES`, and the planner refuses a program that uses one of them.
 */
export type TypeNameUse = 'checkOnly' | 'full';

const named = (types: readonly CelType[]) => types.map((type) => [type.name, type] as const);

const BASIC_TYPES: ReadonlyMap<string, CelType> = new Map(
  named([BOOL, BYTES, DOUBLE, DURATION, INT, listType(DYN), mapType(DYN, DYN), NULL, STRING, TIMESTAMP, UINT]),
);

/** The element type of `list` and `map` in environments where kro declares these type names itself. */
const ANY: CelType = { kind: 'dyn', name: 'any', params: [] };

/**
 * The names of types in kro's typed environments. In these environments `duration` and `timestamp` are also names of
 * types, and the elements of `list` and `map` have the type `any`.
 */
const CHECK_ONLY_TYPES: ReadonlyMap<string, CelType> = new Map([
  ...BASIC_TYPES,
  ['duration', DURATION],
  ['list', listType(ANY)],
  ['map', mapType(ANY, ANY)],
  ['timestamp', TIMESTAMP],
]);

const FULL_TYPES: ReadonlyMap<string, CelType> = new Map([...BASIC_TYPES, ...named([TYPE, optionalType(DYN)])]);

/** Protobuf's well-known messages that can be written as literals. */
const WELL_KNOWN: ReadonlyMap<string, CelType> = new Map([
  [TIMESTAMP.name, TIMESTAMP],
  [DURATION.name, DURATION],
  ['google.protobuf.Struct', mapType(STRING, DYN)],
  ['google.protobuf.ListValue', listType(DYN)],
]);

const WELL_KNOWN_FIELDS: Readonly<Record<string, Readonly<Record<string, CelType>>>> = {
  [TIMESTAMP.name]: { seconds: INT, nanos: INT },
  [DURATION.name]: { seconds: INT, nanos: INT },
  'google.protobuf.Struct': { fields: mapType(STRING, DYN) },
  'google.protobuf.ListValue': { values: listType(DYN) },
};

/**
 * The declared meanings of names, without loop variables. A name that is not declared here is looked up in the parent.
 */
export class Declarations {
  readonly #parent: Declarations | undefined;
  readonly #functions = new Map<string, FunctionDeclaration>();
  readonly #variables = new Map<string, DeclaredVariable>();
  /** Variables that the caller may add to. */
  readonly #open: ReadonlyMap<string, VariableOptions>;
  readonly #structs = new Map<string, Readonly<Record<string, CelType>>>();
  readonly #provider: TypeProvider;
  readonly container: string;
  readonly typeNames: TypeNameUse;
  /** Does `has` fail on values without fields? */
  readonly strictPresence: boolean;
  /** Must all elements of a list literal have compatible types, and all keys and all values of a map literal, too? */
  readonly homogeneousLiterals: boolean;
  readonly validators: readonly Validator[];

  constructor(options: {
    parent?: Declarations;
    libraries?: readonly Library[];
    variables?: ReadonlyMap<string, VariableOptions>;
    provider?: TypeProvider;
    container?: string;
    typeNames?: TypeNameUse;
    strictPresence?: boolean;
  }) {
    const { parent, libraries = [] } = options;
    this.#open = options.variables ?? new Map();
    this.#parent = parent;
    this.#provider = options.provider ?? EMPTY_PROVIDER;
    this.container = options.container ?? parent?.container ?? '';
    this.typeNames = options.typeNames ?? parent?.typeNames ?? 'full';
    this.strictPresence = options.strictPresence ?? parent?.strictPresence ?? false;
    this.homogeneousLiterals = parent?.homogeneousLiterals === true || libraries.includes(kubernetesLiterals);
    this.validators = [...(parent?.validators ?? []), ...libraries.flatMap((library) => library.validators ?? [])];
    for (const library of libraries) {
      for (const declaration of library.functions ?? []) this.#addFunction(declaration);
      for (const { name, fields } of library.structs ?? []) this.#structs.set(name, fields);
      for (const variable of library.variables ?? []) this.#variables.set(variable.name, variable);
    }
  }

  #addFunction(declaration: FunctionDeclaration): void {
    const present = this.#functions.get(declaration.name) ?? this.#parent?.functionNamed(declaration.name);
    if (present === undefined) {
      this.#functions.set(declaration.name, declaration);
      return;
    }
    const known = new Set(present.overloads.map((overload) => overload.id));
    const added = declaration.overloads.filter((overload) => !known.has(overload.id));
    this.#functions.set(declaration.name, { ...present, overloads: [...present.overloads, ...added] });
  }

  /**
   * The full names that a name may mean, from the innermost namespace outwards. A leading dot means the outermost
   * namespace.
   */
  candidates(name: string): string[] {
    if (name.startsWith('.')) return [name.slice(1)];
    if (this.container === '') return [name];
    const found: string[] = [];
    for (let prefix = this.container; prefix !== ''; prefix = prefix.slice(0, Math.max(0, prefix.lastIndexOf('.')))) {
      found.push(`${prefix}.${name}`);
    }
    return [...found, name];
  }

  functionNamed(name: string): FunctionDeclaration | undefined {
    return this.#functions.get(name) ?? this.#parent?.functionNamed(name);
  }

  lookupFunction(name: string): FunctionDeclaration | undefined {
    return firstDefined(this.candidates(name), (candidate) => this.functionNamed(candidate));
  }

  variableNamed(name: string): DeclaredVariable | undefined {
    const open = this.#open.get(name);
    return open === undefined ? (this.#variables.get(name) ?? this.#parent?.variableNamed(name)) : { name, ...open };
  }

  lookupGlobal(name: string): Global | undefined {
    for (const candidate of this.candidates(name)) {
      const variable = this.variableNamed(candidate);
      if (variable !== undefined) return { kind: 'variable', variable, type: variable.type };
      const type = this.#typeName(candidate);
      if (type !== undefined) return { kind: 'type', name: candidate, type: typeType(type) };
    }
    return undefined;
  }

  #typeName(name: string): CelType | undefined {
    const known = this.typeNames === 'full' ? FULL_TYPES : CHECK_ONLY_TYPES;
    return known.get(name) ?? this.structNamed(name);
  }

  /** The type of a literal `Name{…}`, with its full name. */
  lookupStruct(name: string): { name: string; type: CelType } | undefined {
    for (const candidate of this.candidates(name)) {
      const type = WELL_KNOWN.get(candidate) ?? this.#typeName(candidate);
      if (type !== undefined) return { name: candidate, type };
    }
    return undefined;
  }

  /** A struct type by its full name. */
  structNamed(name: string): CelType | undefined {
    if (this.#structs.has(name)) return structType(name);
    return this.#provider.findType(name) ?? this.#parent?.structNamed(name);
  }

  /** Is this the name of a struct that a type provider resolves? */
  isProvided(name: string): boolean {
    if (this.#structs.has(name)) return false;
    return this.#provider.findType(name) !== undefined || this.#parent?.isProvided(name) === true;
  }

  /** The function that makes a value of a struct from the fields of a literal; undefined when there is none. */
  constructorOf(struct: string): ((fields: ReadonlyMap<string, Value>) => Value) | undefined {
    return this.#provider.construct?.(struct) ?? this.#parent?.constructorOf(struct);
  }

  /** Are fields of this struct declared? Some library types declare none. */
  hasFields(struct: string): boolean {
    const fields = this.#structs.get(struct);
    if (fields !== undefined) return Object.keys(fields).length > 0;
    if (Object.hasOwn(WELL_KNOWN_FIELDS, struct)) return true;
    return this.#provider.findType(struct) !== undefined || this.#parent?.hasFields(struct) === true;
  }

  /** The type of a field; undefined when the struct has no field of that name. */
  fieldOf(struct: string, field: string): CelType | undefined {
    const fields =
      this.#structs.get(struct) ?? (Object.hasOwn(WELL_KNOWN_FIELDS, struct) ? WELL_KNOWN_FIELDS[struct] : undefined);
    if (fields !== undefined) return Object.hasOwn(fields, field) ? fields[field] : undefined;
    return this.#provider.findField(struct, field)?.type ?? this.#parent?.fieldOf(struct, field);
  }
}
