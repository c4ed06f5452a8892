import type { JsonObject } from '@typekro/kit/core';
import { divisorKeywords, escapedText, restrictNumber, restrictSize } from './library-keywords.ts';
import { type FoundChecks, readMember } from './library-type.ts';
import * as library from './library-type.ts';

/** The definition of a zod type or check. */
export const zodDefinition = (part: unknown): unknown => readMember(readMember(part, '_zod'), 'def');

/** What the checks of one zod type need. */
export interface ZodChecking {
  /** The absent values that the type of the checks accepts. */
  readonly absent: readonly (undefined | null)[];
  readonly found: FoundChecks;
}

/** Adds the checks of a zod type, in their order, to its printed form. */
export function addZodChecks(printed: JsonObject, checks: readonly unknown[], state: ZodChecking): JsonObject {
  return checks.reduce<JsonObject>((before, check) => addZodCheck(before, check, state), printed);
}

type Handler = (printed: JsonObject, definition: unknown, state: ZodChecking, check: unknown) => JsonObject;

const bound =
  (inclusive: string, exclusive: string): Handler =>
  (printed, definition) =>
    restrictNumber(
      printed,
      readMember(definition, 'inclusive') === true ? inclusive : exclusive,
      readMember(definition, 'value'),
    );

const size =
  (limits: readonly ('min' | 'max')[], member: string): Handler =>
  (printed, definition) =>
    restrictSize(printed, limits, readMember(definition, member));

/** How each check of zod is translated, by the name of the check. Any other check is refused. */
export const ZOD_CHECKS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['greater_than', bound('minimum', 'exclusiveMinimum')],
  ['less_than', bound('maximum', 'exclusiveMaximum')],
  ['multiple_of', multipleOf],
  ['number_format', numberFormat],
  ['min_length', size(['min'], 'minimum')],
  ['max_length', size(['max'], 'maximum')],
  ['length_equals', size(['min', 'max'], 'length')],
  ['string_format', stringFormat],
  ['overwrite', overwrite],
  ['custom', custom],
  ['describe', (printed) => printed],
  ['meta', (printed) => printed],
]);

function addZodCheck(printed: JsonObject, check: unknown, state: ZodChecking): JsonObject {
  const definition = zodDefinition(check);
  const kind = String(readMember(definition, 'check'));
  const handler = ZOD_CHECKS.get(kind);
  if (handler !== undefined) return handler(printed, definition, state, check);
  return library.refused(`the check ${kind} of zod has no form in the schema of an API`, library.IN_COMPOSITION);
}

function multipleOf(printed: JsonObject, definition: unknown): JsonObject {
  return library.restrict(printed, divisorKeywords(readMember(definition, 'value')));
}

/** The bounds of zod's number formats. The safe integers have no bounds here, as numbers of JavaScript are safe. */
const NUMBER_FORMATS: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  ['safeint', {}],
  ['int32', { minimum: -2147483648, maximum: 2147483647 }],
  ['uint32', { minimum: 0, maximum: 4294967295 }],
  ['float32', { minimum: -3.4028234663852886e38, maximum: 3.4028234663852886e38 }],
  ['float64', {}],
]);

function numberFormat(printed: JsonObject, definition: unknown): JsonObject {
  const format = String(readMember(definition, 'format'));
  const bounds = NUMBER_FORMATS.get(format);
  if (bounds === undefined)
    return library.refused(`the number format ${format} is not known`, 'use z.int() or z.number()');
  const typed = format.includes('int') ? { ...printed, type: 'integer' } : printed;
  return Object.entries(bounds).reduce<JsonObject>(
    (before, [name, value]) => library.restrict(before, { [name]: value ?? 0 }),
    typed,
  );
}

/** The string formats that zod checks only with the pattern of their definition. */
const PATTERN_FORMATS: ReadonlySet<string> = new Set(
  (
    'regex lowercase uppercase email guid uuid emoji nanoid cuid cuid2 ulid xid ksuid datetime date time duration ' +
    'ipv4 mac cidrv4 e164 hostname hex'
  ).split(' '),
);

/** The string formats that zod checks with a function, with an exact pattern. */
const EXACT_PATTERNS: ReadonlyMap<string, RegExp> = new Map([
  ['base64', /^(?:[0-9a-zA-Z+/]{4})*(?:[0-9a-zA-Z+/]{2}==|[0-9a-zA-Z+/]{3}=)?$/],
  ['base64url', /^(?:[0-9a-zA-Z_-]{4})*(?:[0-9a-zA-Z_-]{2,3})?$/],
]);

function stringFormat(printed: JsonObject, definition: unknown, state: ZodChecking): JsonObject {
  const format = String(readMember(definition, 'format'));
  const pattern = patternOf(format, definition);
  if (pattern instanceof RegExp) return library.restrict(printed, library.patternKeywords(pattern));
  const test = readMember(definition, 'fn');
  if (typeof test === 'function') return library.addCheck(printed, test, state);
  return library.refused(
    `zod checks the format ${format} with code of its own, which is no pattern`,
    'write a pattern: z.string().regex(/…/)',
  );
}

function patternOf(format: string, definition: unknown): unknown {
  if (format === 'includes') {
    const isAnywhere = readMember(definition, 'position') === undefined;
    return isAnywhere ? new RegExp(escapedText(readMember(definition, 'includes'))) : undefined;
  }
  if (format === 'starts_with') return new RegExp(`^${escapedText(readMember(definition, 'prefix'))}`);
  if (format === 'ends_with') return new RegExp(`${escapedText(readMember(definition, 'suffix'))}$`);
  const isCustom = typeof readMember(definition, 'fn') === 'function';
  if (!isCustom && !PATTERN_FORMATS.has(format)) return EXACT_PATTERNS.get(format);
  return readMember(definition, 'pattern');
}

function overwrite(printed: JsonObject, definition: unknown): JsonObject {
  const name = library.methodOf(readMember(definition, 'tx'));
  return library.transformed(printed, name, name === undefined ? 'overwrite()' : `${name}()`);
}

function custom(printed: JsonObject, definition: unknown, state: ZodChecking): JsonObject {
  const isConditional = readMember(definition, 'when') !== undefined;
  const test = isConditional ? undefined : readMember(definition, 'fn');
  return library.addCheck(printed, test, { ...state, message: messageOf(definition) });
}

/** The author's message of a check. */
function messageOf(definition: unknown): unknown {
  const error = readMember(definition, 'error');
  if (typeof error !== 'function') return undefined;
  try {
    const message = (error as (issue: object) => unknown)({ code: 'custom' });
    return typeof message === 'string' ? message : readMember(message, 'message');
  } catch {
    // A message that is computed from the value has no constant form.
    return undefined;
  }
}
