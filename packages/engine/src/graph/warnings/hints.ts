import { type CelError, type CelType, isOptional, typeToString } from '@typekro/cel';
import { nearestName } from '@typekro/kit/core';
import { isOldBoolean, oldBooleanKey, resolvePlain } from '../yaml/yaml-scalar.ts';

/** The stable code for an error of the expression language. */
export function celCode(message: string): string {
  if (message.startsWith('Syntax error')) return 'cel/syntax';
  if (message.startsWith('undefined field')) return 'cel/unknown-field';
  if (message.startsWith('undeclared reference')) return 'cel/unknown-name';
  if (message.startsWith('found no matching overload')) return 'cel/no-overload';
  return 'cel/invalid';
}

/**
 * The remedy for one of the most common type errors; undefined for any other error.
 *
 * @param text the expression, of which the hint may repeat parts
 */
export function celHint(
  error: CelError,
  fieldNames: (error: CelError) => readonly string[],
  text = '',
): string | undefined {
  const { message } = error;
  const field = /^undefined field '(.*)'$/s.exec(message)?.[1];
  if (field !== undefined)
    return OF_METADATA.has(field) && text.includes(`schema.spec.${field}`)
      ? `the instance has it in schema.metadata.${field}`
      : fieldHint(field, fieldNames(error));
  const name = /^undeclared reference to '([^']*)'/.exec(message)?.[1];
  if (name !== undefined) return foreignFunctionHint(name);
  const reserved = /^reserved identifier: (\w+)$/.exec(message)?.[1];
  if (reserved !== undefined) return RESERVED_WORDS.get(reserved) ?? 'CEL reserves this word: choose another name';
  const items = COLLECTION.exec(message)?.[1];
  if (items !== undefined)
    return `write ${items}.map(x, x.FIELD) for the field of all items, or ${items}[0].FIELD for the field of the first item`;
  if (/^type '(?:string|list.*|map.*)' does not support field selection/.test(message))
    return 'a string and a list have no fields: write size(x) for a length, list[0].name for a field of an item';
  const wanted = /^expected type '(\w+)' but found '(\w+)'/.exec(message);
  if (wanted?.[1] === 'bool') {
    const condition = CONDITION_HINTS.get(wanted[2] ?? '') ?? 'write a condition, as in a == b';
    return text.includes('||') && wanted[2] !== 'bool'
      ? `for a default value, write .?name.orValue(…) or | default=… in the schema; for a condition, ${condition}`
      : condition;
  }
  if (message.startsWith('runtime.newCondition: keys must be bare'))
    return 'write the keys without quotes: {type: "Ready", status: "True"}';
  const overload = /^found no matching overload for '([^']*)' applied to '(.*)'$/s.exec(message);
  if (overload !== null) return overloadHint(overload[1] ?? '', overload[2] ?? '', text, error.offset);
  return undefined;
}

/**
 * Matches the checker's error about an expression that reads a field of a collection as if the collection were one
 * object.
 */
const COLLECTION = /^type 'list\(__type_(\w+)\.@idx\)' does not support field selection/;

/** Reserved words of CEL, with hints for what an author most likely means. */
const RESERVED_WORDS: ReadonlyMap<string, string> = new Map([
  ['if', 'CEL has no if(): write condition ? a : b'],
  ['else', 'write condition ? a : b'],
  ['for', 'CEL has no loops: write list.map(x, …), or give the resource a forEach'],
  ['while', 'CEL has no loops: write list.map(x, …), or give the resource a forEach'],
  ['loop', 'CEL has no loops: write list.map(x, …), or give the resource a forEach'],
  ['let', 'CEL has no variables: write the value itself where it is used'],
  ['const', 'CEL has no variables: write the value itself where it is used'],
  ['return', 'leave it out: an expression is its value'],
  ['function', 'CEL has no user-defined functions: write list.map(x, …), or the value itself'],
  [
    'var',
    'values of the instance are in schema.spec: declare the field there, and write schema.spec.NAME for var.NAME',
  ],
  ['namespace', 'the namespace of the instance is schema.metadata.namespace'],
  ['null', 'read the field with .?name and write .orValue(…)'],
]);

/** Fields of the metadata that authors look for in the spec. */
const OF_METADATA: ReadonlySet<string> = new Set(['namespace', 'name', 'labels', 'annotations']);

/** Hints for conditions that are not booleans, by the type of the condition. */
const CONDITION_HINTS: ReadonlyMap<string, string> = new Map([
  ['string', 'compare it: x != "" instead of x'],
  ['int', 'compare it: x > 0 instead of x'],
  ['list', 'write size(x) > 0 instead of x'],
  ['map', 'write size(x) > 0 instead of x'],
]);

/** Functions of other languages and templates, with CEL's equivalent. */
const FOREIGN_FUNCTIONS = new Map([
  ...['toLowerCase', 'toLower', 'lower'].map((name): [string, string] => [name, 'write .lowerAscii()']),
  ...['toUpperCase', 'toUpper', 'upper'].map((name): [string, string] => [name, 'write .upperAscii()']),
  ['strip', 'write .trim()'],
  ['startswith', 'write .startsWith(…)'],
  ['endswith', 'write .endsWith(…)'],
  ['hasPrefix', 'write .startsWith(…)'],
  ['hasSuffix', 'write .endsWith(…)'],
  ['regexMatch', 'write .matches(…)'],
  ['match', 'write .matches(…)'],
  ['count', 'write size(…)'],
  ['isEmpty', 'write size(…) == 0'],
  ['empty', 'write size(…) == 0'],
  ['push', 'write +, with the new item in brackets: list + [item]'],
  ['append', 'write +, with the new item in brackets: list + [item]'],
  ['max', 'write a > b ? a : b'],
  ['min', 'write a < b ? a : b'],
  ['coalesce', 'read the field with .?name and write .orValue(…)'],
  ['ternary', 'write condition ? a : b'],
  ['iif', 'write condition ? a : b'],
  ['ifelse', 'write condition ? a : b'],
  ['printf', 'join strings with +, and write string(…) around a value that is not a string'],
  ['sprintf', 'join strings with +, and write string(…) around a value that is not a string'],
  ['str', 'write string(…)'],
  ['tostring', 'write string(…)'],
  ['atoi', 'write int(…)'],
  ['b64enc', 'write base64.encode(bytes(…))'],
  ['b64dec', 'write string(base64.decode(…))'],
  ['typeof', 'write type(…)'],
  ['hasOwnProperty', 'write has(object.field), or "key" in map'],
  ['substr', 'write .substring(from, to)'],
  ['length', 'write size(…)'],
  ['len', 'write size(…)'],
  ['includes', 'write .contains(…) for a string, and x in list for a list'],
  ['slice', 'write .substring(from, to)'],
  ['some', 'write .exists(x, …)'],
  ['every', 'write .all(x, …)'],
  ['find', 'write .filter(x, …)[0]'],
  ['concat', 'write +'],
  ['toString', 'write string(…)'],
  ['String', 'write string(…)'],
  ['Number', 'write int(…) or double(…)'],
  ['parseInt', 'write int(…)'],
  ['parseFloat', 'write double(…)'],
  ['replaceAll', 'write .replace(old, new), which replaces all'],
  ['padStart', 'CEL does not pad; pad the string at its source'],
  ['keys', 'write map.map(k, …), which goes over the keys of the map'],
  ['default', 'read the field with .?name and write .orValue(…)'],
]);

/** The equivalent of another language's function; undefined for unknown functions. */
export function foreignFunctionHint(name: string): string | undefined {
  return FOREIGN_FUNCTIONS.get(name);
}

/** `known` has the field names in the escaped form that expressions use. */
function fieldHint(field: string, known: readonly string[]): string | undefined {
  if (isOldBoolean(field) && known.includes(`__${resolvePlain(field) === true}__`)) return oldBooleanKey(field);
  const close = nearestName(field, known, shownField);
  if (close !== undefined) return `did you mean "${close}"?`;
  return known.length > 0 && known.length <= 12 ? `known fields: ${known.map(shownField).join(', ')}` : undefined;
}

/** Formats a field name as an author writes it after a dot. A reserved word of CEL needs backticks. */
function shownField(name: string): string {
  const word = /^__([a-z]+)__$/.exec(name)?.[1];
  if (word === undefined) return name;
  return /^(?:true|false|null|in)$/.test(word) ? `\`${word}\`` : word;
}

const NUMBERS = ['int', 'uint', 'double'];
const SCALAR = /^(?:bool|string|bytes|int|uint|double|null|null_type)$/;

/** The hint for one of the most common type mismatches of operands, for example to convert one operand. */
function overloadHint(name: string, applied: string, text: string, offset: number): string | undefined {
  const operands = /^\((.*)\)$/s.exec(applied)?.[1]?.split(', ') ?? [];
  if (name === 'base64.decode' && applied === '(bytes)')
    return 'the bytes are decoded already: write string(…) around them instead of base64.decode';
  if (name === 'base64.encode' && applied === '(string)') return 'write base64.encode(bytes(…))';
  if (applied.startsWith('bytes.(') || (operands.includes('bytes') && operands.includes('string')))
    return 'write string(…) around the bytes';
  if (name === '_+_') {
    if (operands.includes('string')) {
      const other = operands.find((operand) => operand !== 'string') ?? '';
      if (NUMBERS.includes(other) || other === 'bool') return 'write string(…) around the part that is not a string';
      if (other.startsWith('optional_type')) return 'add .orValue("") to the optional part';
    }
    return mixedNumbers(operands);
  }
  if (name === '_?_:_' && operands.slice(1).some((operand) => /^null(?:_type)?$/.test(operand)))
    return 'for a field without a value, write optional.none() in place of null, and optional.of(…) around the other branch';
  if (name === '_?_:_')
    return operands.slice(1).every((operand) => SCALAR.test(operand))
      ? 'give both branches the type of the field: convert one with string(…) or int(…)'
      : 'write dyn(…) around both branches: their types have different names, although the field may take both';
  if (name === '_[_]') return 'fields of an object are read with a dot (a.b); brackets work on maps and lists only';
  if (name === '!_') return negationHint(operands[0] ?? '', READ_AFTER.exec(text.slice(offset + 1))?.[1] ?? 'x');
  if (/^_(?:==|!=)_$/.test(name) && operands.includes('null')) return nullHint(name, text, offset);
  if (/^_(?:==|!=)_$/.test(name))
    return mixedNumbers(operands) ?? booleanHint(operands) ?? 'both sides must have the same type; convert one of them';
  if (name === '_%_' && operands[0] === 'string') return 'write "…%s…".format([value]), or join the strings with +';
  if (/^_(?:-|\*|\/|%|<|<=|>|>=)_$/.test(name)) return mixedNumbers(operands);
  return undefined;
}

/** Two patterns that match a name with its fields, directly before and directly after an operator. */
const READ_BEFORE = /([A-Za-z_]\w*(?:\.\w+)*)\s*$/;
const READ_AFTER = /^\s*([A-Za-z_]\w*(?:\.\w+)*)\s*(?![\w.([])/;

/** The hint for the negation of a value that is not a boolean. */
function negationHint(type: string, read: string): string | undefined {
  if (type === 'string') return `write ${read} == "" instead of !${read}`;
  if (NUMBERS.includes(type)) return `write ${read} == 0 instead of !${read}`;
  if (/^(?:list|map)\(/.test(type)) return `write size(${read}) == 0 instead of !${read}`;
  if (type.startsWith('optional_type')) return `write !${read}.hasValue()`;
  return read.includes('.') ? `write !has(${read}) to test whether it exists` : undefined;
}

/** The hint for a comparison with null: in CEL, a read of a missing field fails and does not evaluate to null. */
function nullHint(name: string, text: string, offset: number): string {
  const before = READ_BEFORE.exec(text.slice(0, Math.max(0, offset)))?.[1];
  const after = READ_AFTER.exec(text.slice(offset + 2))?.[1];
  const read = [before, after].find((each) => each?.includes('.') === true) ?? 'object.field';
  const has = name === '_!=_' ? `has(${read})` : `!has(${read})`;
  return `nothing of this type is null; write ${has} to test whether it is ${name === '_!=_' ? 'present' : 'missing'}`;
}

/** The hint for the comparison of a boolean with a string. */
function booleanHint(operands: readonly string[]): string | undefined {
  return operands.includes('bool') && operands.includes('string')
    ? 'a boolean is a condition by itself: write it without the comparison, or with ! before it'
    : undefined;
}

const TYPE_WORDS: ReadonlyMap<string, string> = new Map([
  ['bool', 'a boolean'],
  ['string', 'a string'],
  ['int', 'a whole number'],
  ['double', 'a fraction'],
  ['null', 'null'],
]);

/** The name of a type in messages for authors. */
function typeWords(type: string): string | undefined {
  if (type.startsWith('list(')) return 'a list';
  if (type.startsWith('map(')) return 'a map';
  if (type.startsWith('__type_')) return 'an object';
  return type.startsWith('optional_type(') ? 'a value that may be missing' : TYPE_WORDS.get(type);
}

/** Rewrites an error message that names internals of the checker. Returns any other message unchanged. */
export function celWords(message: string): string {
  if (message === 'reserved identifier: if') return 'CEL has no function if';
  const reserved = /^reserved identifier: (\w+)$/.exec(message)?.[1];
  if (reserved !== undefined) return `"${reserved}" is a reserved word of CEL, and cannot be a name`;
  const items = COLLECTION.exec(message)?.[1];
  if (items !== undefined) return `${items} has forEach: it is a list of objects, not a single one`;
  const negated = /^found no matching overload for '!_' applied to '\((.+)\)'$/s.exec(message)?.[1];
  const negatedWords = typeWords(negated ?? '');
  if (negatedWords !== undefined) return `! negates a condition, but this is ${negatedWords}`;
  const compared = /^found no matching overload for '_(?:==|!=)_' applied to '\(([^,]+), ([^,]+)\)'$/.exec(message);
  const [left, right] = [compared?.[1], compared?.[2]].map((type) => typeWords(type ?? ''));
  if (left !== undefined && right !== undefined) return `${left} is compared with ${right}`;
  return message.replace(" (in container '')", '');
}

function mixedNumbers(operands: readonly string[]): string | undefined {
  const [left, right] = operands;
  if (left === undefined || right === undefined || left === right) return undefined;
  if (!NUMBERS.includes(left) || !NUMBERS.includes(right)) return undefined;
  return `${left} and ${right} do not mix; convert one with ${left}(…) or ${right}(…)`;
}

/** The remedy that converts the result of an expression to the type of a field; undefined when there is none. */
export function castHint(output: CelType, expected: CelType): string | undefined {
  if (isOptional(output)) return 'take the value out with .orValue(…)';
  const to = typeToString(expected);
  const from = output.kind;
  if (to === 'string' && ['int', 'uint', 'double', 'bool', 'timestamp', 'duration'].includes(from)) {
    return 'write string(…) around the expression';
  }
  if (to === 'string' && from === 'bytes')
    return 'write string(…) around the expression if the bytes are text, or base64.encode(…)';
  if (to === 'bytes') return 'write dyn(base64.encode(bytes(…))) here, or use a field of plain text (stringData)';
  if (to === 'int' && (from === 'string' || from === 'double')) return 'write int(…) around the expression';
  if (to === 'double' && (from === 'int' || from === 'string')) return 'write double(…) around the expression';
  if (to === 'google.protobuf.Timestamp' && from === 'string') return 'write timestamp(…) around the expression';
  if (to === 'bool' && from === 'string') return 'compare it: … == "true"';
  if (to === 'string' && from === 'list') return 'join its strings: list.join(","), or read one: list[0]';
  if (to === 'string' && (from === 'map' || from === 'struct')) return 'read one of its fields, as in x.metadata.name';
  if (expected.kind === 'struct' && from === 'map') return 'wrap the map in dyn(…): its values have several types';
  if (expected.kind === 'list' && output.kind === 'list')
    return expected.params[0]?.kind === 'struct' && output.params[0]?.kind === 'map'
      ? 'write dyn({…}) around each element: its values have several types'
      : 'convert each element with .map(x, …)';
  return undefined;
}
