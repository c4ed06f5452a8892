import type { Diagnostic } from '@typekro/kit/core';
import { quoteForAuthor } from '../../javascript/syntax.ts';

/**
 * Rewords a diagnostic of the graph's compiler. The compiler writes about CEL, but the author wrote JavaScript. The new
 * text names operators, types and remedies in terms of JavaScript.
 */
export function inAuthorsWords(diagnostic: Diagnostic): Diagnostic {
  const found = reworded(diagnostic);
  return found === undefined ? diagnostic : { ...diagnostic, ...found };
}

interface Words {
  readonly message: string;
  readonly hint: string;
}

function reworded({ code, message, hint, path = '' }: Diagnostic): Words | undefined {
  if (code.startsWith('graph/conversion')) return conversionWords(message, hint);
  const place = fieldOf(path);
  const overload = /^found no matching overload for '([^']*)' applied to '(.*)'$/s.exec(message);
  if (overload !== null) return overloadWords(place, overload[1] ?? '', overload[2] ?? '');
  const mismatch = /^the expression returns (.*), but the field takes (.*?)(?:: .*)?$/s.exec(message);
  if (mismatch !== null) return mismatchWords(place, mismatch[1] ?? '', mismatch[2] ?? '');
  const literal = /^this field takes (.*), not (.*)$/s.exec(message);
  if (code === 'graph/literal-type' && literal !== null)
    return { message: `${place} takes ${literal[1]}, but the value is ${literal[2]}`, hint: hint ?? CONVERT };
  const condition = /needs a (boolean|list); this is (.*)$/s.exec(message);
  if (condition !== null)
    return {
      message: `${place} needs a ${condition[1]}, but the value is ${withArticle(typeWords(condition[2] ?? ''))}`,
      hint: condition[1] === 'boolean' ? 'compare it: x === true' : 'pass a list',
    };
  const field = /^undefined field '(.*)'$/s.exec(message)?.[1];
  if (field !== undefined)
    return { message: `${place} reads the field ${field}, which its object does not have`, hint: hint ?? FIELD };
  const [, name, value] = /^write - \{name: "?(.*?)"?, value: "?(.*?)"?\}$/.exec(hint ?? '') ?? [];
  if (name !== undefined && value !== undefined)
    return { message, hint: `write { name: ${quoteForAuthor(name)}, value: ${quoteForAuthor(value)} }` };
  if (!code.startsWith('cel/')) return undefined;
  return { message: `${place} has no form in the graph: ${message}`, hint: REWRITE };
}

const CONVERT = 'convert the value, or leave the field out';
const FIELD = 'read a field that the kind has';
const REWRITE = 'write the expression in another way, or compute the value before the composition';

/** The functions of a version, by the names of their rules in a definition. */
const CONVERSIONS: Readonly<Record<string, string>> = { convertTo: 'toHub', convertFrom: 'fromHub' };

/** The words for a problem of a conversion, which the author wrote as a function. */
function conversionWords(message: string, hint = ''): Words {
  const mismatch = /^(.*) is (.*), and the expression gives (.*)$/s.exec(message);
  if (mismatch !== null) return mismatchWords(mismatch[1] ?? '', mismatch[3] ?? '', mismatch[2] ?? '');
  const inFunctions = (text: string): string =>
    text
      .replace(/convert(?:To|From)/g, (member) => CONVERSIONS[member] ?? member)
      .replace(/no rule of (\w+) reads/, '$1 does not read')
      .replace('in a rule of', 'in')
      .replace(/lossy: \[(.*)\]/, "lossy: ['$1']")
      .replace(/^(?:add a rule to|say in) (\w+)[^$]*\$\{\u2026\}/, 'return it from $1')
      .replace(/^(\w+) sets fields of .*/, 'leave it out of the result of $1');
  return { message: inFunctions(message), hint: inFunctions(hint) };
}

/** The words for operators and functions of CEL in terms of JavaScript. */
const OPERATORS: ReadonlyMap<string, string> = new Map([
  ['_?_:_', 'a choice between two values (?:, &&, || or ??)'],
  ['@in', 'a search (in, includes or has)'],
  ['_[_]', 'the element at a position or key'],
  ['!_', '!'],
  ['-_', '-'],
  ['_==_', '==='],
  ['_!=_', '!=='],
  ['size', 'length'],
  ['string', 'String()'],
  ['int', 'Number()'],
  ['double', 'Number()'],
  ['json.marshal', 'JSON.stringify()'],
  ['json.unmarshal', 'JSON.parse()'],
  ['base64.encode', 'btoa()'],
  ['base64.decode', 'atob()'],
  ['lowerAscii', 'toLowerCase()'],
  ['upperAscii', 'toUpperCase()'],
  ['contains', 'includes()'],
  ['matches', 'the test of a pattern'],
  ['find', 'the match of a pattern'],
  ['replace', 'replace()'],
  ['merge', 'a spread of two objects'],
  ['flatten', 'flat()'],
  ['distinct', 'new Set()'],
]);

function overloadWords(place: string, name: string, applied: string): Words {
  const types = operandsOf(applied).map(typeWords);
  const infix = /^_(\W{1,2})_$/.exec(name)?.[1];
  const what = OPERATORS.get(name) ?? infix ?? (/^\w+$/.test(name) ? `${name}()` : 'an operation');
  const operands = name === '_?_:_' ? types.slice(1) : types;
  const message = `${place}: ${what} with ${operands.map(withArticle).join(' and ')} has no form in the graph`;
  return { message, hint: overloadRemedy(name, operands) };
}

function overloadRemedy(name: string, types: readonly string[]): string {
  if (name === '_?_:_') return 'give both values one type: String(x), Number(x), or x ? [x] : []';
  if (types.includes('string') && types.includes('number')) return 'convert one side: String(x) or Number(x)';
  if (types.some((type) => type.startsWith('list'))) return 'use an element of the list, or .map() over it';
  return types.includes('boolean')
    ? 'convert one side: String(x), or x ? 1 : 0'
    : 'convert one side, or use its fields';
}

function mismatchWords(place: string, given: string, wanted: string): Words {
  const [from, to] = [typeWords(given), typeWords(wanted)];
  const message =
    from === to
      ? `${place}: the value is ${withArticle(from)} whose parts have types that the field does not accept`
      : `${place} takes ${withArticle(to)}, but the value is ${withArticle(from)}`;
  return { message, hint: mismatchRemedy(from, to) };
}

function mismatchRemedy(from: string, to: string): string {
  if (to === 'string') return from.startsWith('list') ? "join its elements: x.join(',')" : 'write String(x)';
  if (to === 'number') return from === 'string' ? 'write Number(x)' : 'pass a number';
  if (to === 'boolean') return "compare it: x === 'true'";
  if (to.startsWith('list') && from.startsWith('list')) return 'convert each element: x.map((each) => String(each))';
  if (from === 'object' && to === 'object')
    return 'write the keys and values as the field takes them: Object.fromEntries(list.map((x) => [String(x.key), String(x.value)]))';
  return to.startsWith('list') ? 'write [x]' : 'write an object: { key: x }';
}

/** The operands of `(a, b)` or `a.(b)`, split at the commas outside parentheses. */
function operandsOf(applied: string): string[] {
  const [, target, inner = ''] = /^(.*?)\.?\(((?:[^()]|\([^()]*\)|\((?:[^()]|\([^()]*\))*\))*)\)$/s.exec(applied) ?? [];
  const parts: string[] = target === undefined || target === '' ? [] : [target];
  let depth = 0;
  let part = '';
  for (const character of inner) {
    if (character === '(') depth++;
    if (character === ')') depth--;
    if (character === ',' && depth === 0) {
      parts.push(part.trim());
      part = '';
    } else part += character;
  }
  return part === '' ? parts : [...parts, part.trim()];
}

/** The words for a type of CEL in terms of TypeScript. */
function typeWords(type: string): string {
  const [, outer = '', inner = ''] = /^(\w+)\((.*)\)$/s.exec(type) ?? [];
  if (outer === 'optional_type') return `${typeWords(inner)} or undefined`;
  if (outer === 'list') return inner === 'dyn' ? 'list' : `list of ${typeWords(inner)}`;
  if (outer === 'map') return 'object';
  if (outer === 'wrapper') return typeWords(inner);
  switch (type) {
    case 'string':
    case 'null':
      return type;
    case 'bool':
      return 'boolean';
    case 'int':
    case 'uint':
    case 'double':
      return 'number';
    case 'list':
      return 'list';
    case 'dyn':
      return 'value of unknown type';
    case 'null_type':
      return 'null';
    case 'bytes':
      return 'value in bytes';
    default:
      return 'object';
  }
}

const withArticle = (words: string): string =>
  words === 'null' ? words : `${/^[aeiou]/.test(words) ? 'an' : 'a'} ${words}`;

/** The words for a path of the definition: `metadata.name`, `the status field url`. */
function fieldOf(path: string): string {
  const template = /^spec\.(?:resources|nodes)\[\d+\]\.(?:template|externalRef|ref|def|patch)\.(.+)$/.exec(path)?.[1];
  if (template !== undefined) return template;
  const status = /^spec\.schema\.status\.(.+)$/.exec(path)?.[1];
  if (status !== undefined) return `the status field ${status}`;
  const [, member = '', field] = /^spec\.schema\.versions\[\d+\]\.(\w+)\["(.*)"\]$/.exec(path) ?? [];
  if (field !== undefined) return `${field} of ${CONVERSIONS[member] ?? member}`;
  const [, part] =
    /^spec\.(?:resources|nodes)\[\d+\]\.(includeWhen|readyWhen|propagateWhen|externalFields|forEach)/.exec(path) ?? [];
  if (part === 'includeWhen') return 'the condition of the resource';
  if (part === 'readyWhen') return 'the readiness of the resource';
  if (part === 'propagateWhen') return 'the condition of withPropagateWhen()';
  if (part === 'externalFields') return 'withExternalFields()';
  return part === 'forEach' ? 'the list of the loop' : 'the composition';
}
