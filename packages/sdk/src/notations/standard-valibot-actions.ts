import { type JsonObject, isJsonObject } from '@typekro/kit/core';
import { asList } from '@typekro/kit/kubernetes';
import { ABSENT } from './json-schema-members.ts';
import { type FoundChecks, readMember } from './library-type.ts';
import * as library from './library-type.ts';
import { matchRule } from './regex-flags.ts';
import { divisorKeywords, escapedText, restrictNumber, restrictSize } from './library-keywords.ts';

/** Adds an action of a pipe to the printed part before it. */
export function addValibotAction(printed: JsonObject, action: unknown, found: FoundChecks): JsonObject {
  const type = String(readMember(action, 'type'));
  const kind = readMember(action, 'kind');
  const requirement = readMember(action, 'requirement');
  const handler = VALIBOT_ACTIONS.get(type);
  if (kind === 'metadata') {
    const isShown = type === 'description' || type === 'title';
    return isShown ? { ...printed, [type]: String(readMember(action, type)) } : printed;
  }
  if (handler !== undefined) return handler(printed, requirement, action, found);
  if (kind === 'transformation') return library.transformed(printed, undefined, `${type}()`);
  // valibot tests the pattern of its formats, and has no other code for them.
  if (requirement instanceof RegExp) return pattern(printed, requirement);
  return library.refused(`the action ${type} of valibot has no form in the schema of an API`, library.IN_COMPOSITION);
}

type Handler = (printed: JsonObject, requirement: unknown, action: unknown, found: FoundChecks) => JsonObject;

const same: Handler = (printed) => printed;
const transform =
  (name: string): Handler =>
  (printed) =>
    library.transformed(printed, name, `${name}()`);

const number =
  (keyword: string): Handler =>
  (printed, requirement) =>
    restrictNumber(printed, keyword, requirement);

const length =
  (...limits: readonly ('min' | 'max')[]): Handler =>
  (printed, requirement) =>
    restrictSize(printed, limits, requirement);

const text =
  (patternOf: (escaped: string) => string): Handler =>
  (printed, requirement) => {
    if (printed['type'] !== 'string')
      return library.refused('a check of list items has no form in the schema of an API', library.IN_COMPOSITION);
    return pattern(printed, new RegExp(patternOf(escapedText(requirement))));
  };

/** How each action of valibot is translated, by its `type`. */
export const VALIBOT_ACTIONS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['brand', same],
  ['flavor', same],
  ['readonly', same],
  ['finite', same],
  ['integer', integer],
  ['safe_integer', integer],
  ['min_value', number('minimum')],
  ['max_value', number('maximum')],
  ['gt_value', number('exclusiveMinimum')],
  ['lt_value', number('exclusiveMaximum')],
  ['multiple_of', (printed, requirement) => library.restrict(printed, divisorKeywords(requirement))],
  ['min_length', length('min')],
  ['max_length', length('max')],
  ['length', length('min', 'max')],
  ['min_code_points', length('min')],
  ['max_code_points', length('max')],
  ['code_points', length('min', 'max')],
  ['non_empty', (printed, _requirement, action, found) => length('min')(printed, 1, action, found)],
  ['empty', (printed, _requirement, action, found) => length('max')(printed, 0, action, found)],
  ['min_entries', length('min')],
  ['max_entries', length('max')],
  ['entries', length('min', 'max')],
  ['includes', text((escaped) => escaped)],
  ['starts_with', text((escaped) => `^${escaped}`)],
  ['ends_with', text((escaped) => `${escaped}$`)],
  ['excludes', excludes],
  ['regex', pattern],
  ['trim', transform('trim')],
  ['trim_start', transform('trimStart')],
  ['trim_end', transform('trimEnd')],
  ['to_lower_case', transform('toLowerCase')],
  ['to_upper_case', transform('toUpperCase')],
  ['check', check],
]);

function integer(printed: JsonObject): JsonObject {
  return { ...printed, type: 'integer' };
}

function pattern(printed: JsonObject, requirement: unknown): JsonObject {
  if (!(requirement instanceof RegExp)) return library.refused('the action has no pattern', library.IN_COMPOSITION);
  if (requirement.global)
    return library.refused('a pattern with the flag g stores a position', 'leave out the flag g', 'pattern');
  return library.restrict(printed, library.patternKeywords(requirement));
}

function excludes(printed: JsonObject, requirement: unknown): JsonObject {
  if (printed['type'] !== 'string')
    return library.refused('a check of list items has no form in the schema', library.IN_COMPOSITION);
  const { pattern: excluded } = library.patternKeywords(new RegExp(escapedText(requirement)));
  const rule = { rule: matchRule({ pattern: String(excluded), matches: false }) };
  return { ...printed, 'x-kubernetes-validations': [...asList(printed['x-kubernetes-validations']), rule] };
}

function check(printed: JsonObject, requirement: unknown, action: unknown, found: FoundChecks): JsonObject {
  const absent = [...(isAbsentable(printed) ? [undefined] : []), ...(library.allowsNull(printed) ? [null] : [])];
  return library.addCheck(printed, requirement, { message: readMember(action, 'message'), absent, found });
}

const isAbsentable = (printed: JsonObject): boolean =>
  printed['default'] === undefined &&
  (printed[ABSENT] === true || asList(printed['anyOf']).some((entry) => isJsonObject(entry) && isAbsentable(entry)));
