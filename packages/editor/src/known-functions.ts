import type { CelType, FunctionDeclaration, Overload } from '@typekro/cel';
import { isOptional, KRO_LIBRARIES, standardLibrary, typeToString } from '@typekro/cel';

/** A function or macro of the expression language. */
export interface KnownFunction {
  readonly name: string;
  /** Is the function called on a value, as in `list.map(…)`? */
  readonly isMember: boolean;
  /** The signatures, as in `list(string).join(string) -> string`. */
  readonly signatures: readonly string[];
  /** The types of the values on which a member function can be called. Empty for a macro and for a global function. */
  readonly receivers: readonly CelType[];
  readonly isMacro: boolean;
}

/** Maps each macro to its call syntax. Macros are not functions, so they have no typed signatures. */
const MACRO_FORMS: Readonly<Record<string, string>> = {
  has: 'has(value.field) -> bool',
  all: 'list.all(x, condition) -> bool',
  exists: 'list.exists(x, condition) -> bool',
  exists_one: 'list.exists_one(x, condition) -> bool',
  existsOne: 'list.existsOne(x, condition) -> bool',
  filter: 'list.filter(x, condition) -> list',
  map: 'list.map(x, value) -> list',
  sortBy: 'list.sortBy(x, key) -> list',
  transformList: 'map.transformList(key, value, result) -> list',
  transformMap: 'map.transformMap(key, value, result) -> map',
  transformMapEntry: 'map.transformMapEntry(key, value, entry) -> map',
  optMap: 'optional.optMap(x, value) -> optional',
  optFlatMap: 'optional.optFlatMap(x, optional) -> optional',
};

/** Is this the name of a function that authors can call, and not the internal name of an operator? */
const isWritten = (name: string): boolean => /^[a-zA-Z](?:[\w.]*[a-zA-Z0-9])?$/.test(name);

function signatureOf(name: string, { member, params, result }: Overload): string {
  const [receiver, ...rest] = params;
  const shown = (member === true ? rest : params).map(typeToString).join(', ');
  const head = member === true && receiver !== undefined ? `${typeToString(receiver)}.${name}` : name;
  return `${head}(${shown}) -> ${typeToString(result)}`;
}

function fromDeclaration({ name, overloads }: FunctionDeclaration): KnownFunction[] {
  return [true, false].flatMap((isMember): KnownFunction[] => {
    const group = overloads.filter(({ member }) => (member === true) === isMember);
    if (group.length === 0) return [];
    const receivers = isMember ? group.flatMap(({ params }) => params[0] ?? []) : [];
    return [{ name, isMember, signatures: group.map((each) => signatureOf(name, each)), receivers, isMacro: false }];
  });
}

let known: readonly KnownFunction[] | undefined;

/** All functions and macros that expressions of definitions can call. */
export function knownFunctions(): readonly KnownFunction[] {
  if (known !== undefined) return known;
  const libraries = [standardLibrary, ...KRO_LIBRARIES];
  const functions = libraries.flatMap((library) => library.functions ?? []).filter(({ name }) => isWritten(name));
  const macros = libraries
    .flatMap((library) => library.macros ?? [])
    .filter(({ name }) => Object.hasOwn(MACRO_FORMS, name));
  const names = new Map(macros.map(({ name, member }) => [name, member]));
  known = [
    ...functions.flatMap(fromDeclaration),
    ...[...names].map(([name, isMember]) => ({
      name,
      isMember,
      signatures: [MACRO_FORMS[name] ?? name],
      receivers: [],
      isMacro: true,
    })),
  ];
  return known;
}

/** The functions that a call can mean: those of the name, or of `receiver.name` for a namespace such as `math`. */
export function functionsNamed(name: string, receiver: string | undefined): readonly KnownFunction[] {
  const functions = knownFunctions().filter((each) => each.name === name || each.name === `${receiver ?? ''}.${name}`);
  const fitting = functions.filter(({ isMember }) => isMember === (receiver !== undefined));
  return fitting.length > 0 ? fitting : functions;
}

/** The functions and macros that can be called on a value of a type. */
export function membersOfType(type: CelType): readonly KnownFunction[] {
  const isList = type.kind === 'list' || type.kind === 'map';
  return knownFunctions().filter(({ isMember, isMacro, name, receivers }) => {
    if (!isMember) return false;
    if (type.kind === 'dyn') return true;
    if (isMacro) return name.startsWith('opt') ? isOptional(type) : isList;
    return receivers.some((receiver) => fits(type, receiver));
  });
}

/**
 * Can a value of type `type` be the receiver of a function that is declared for `receiver`? A type parameter accepts
 * every type.
 */
function fits(type: CelType, receiver: CelType): boolean {
  if (receiver.kind === 'param' || receiver.kind === 'dyn' || type.kind === 'dyn') return true;
  if (receiver.kind !== type.kind || receiver.name !== type.name) return false;
  return receiver.params.every((param, index) => fits(type.params[index] ?? param, param));
}
