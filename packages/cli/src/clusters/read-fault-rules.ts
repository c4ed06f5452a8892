import { type Fault, type FaultMatch, type FaultOptions, neverHits } from '@typekro/cluster';
import { type JsonObject, type JsonValue, isJsonObject, re2Library } from '@typekro/kit/core';
import { ValueShape } from '@typekro/testing';

type Report = ValueShape.Report;
type Shape = ValueShape.Shape;
const { anything, either, flag, listShape, members, numberOrType, oneOf, typed, wholeNumberShape } = ValueShape;

/** A fault rule: the JSON that the client sent, and the arguments for the cluster's `faults.add`. */
export interface RequestedRule {
  /** The rule as the client wrote it. Lists of rules contain this form. */
  readonly source: JsonObject;
  /** The name that the client chose, unique in the cluster. */
  readonly name?: string;
  readonly match: FaultMatch;
  readonly fault: Fault;
  readonly options: FaultOptions & { readonly times: number };
}

/** The maximum number of rules in a cluster. */
export const MAX_RULES = 1000;
/** The maximum of each delay: an hour. The jitter of `latency` can add at most one hour more. */
const MAX_DELAY_MS = 3_600_000;
/** The maximum length of a string, in UTF-16 units. */
const MAX_TEXT_LENGTH = 1000;
const MAX_COUNT = 1_000_000_000;

const textLike = (what: string, example: string, accepts: (value: string) => boolean = () => true): Shape =>
  typed(what, (value) => typeof value === 'string' && value.length <= MAX_TEXT_LENGTH && accepts(value), example);
const text = textLike(`a string of at most ${MAX_TEXT_LENGTH} UTF-16 units`, '"configmaps"');
const texts = either(
  { 'a string': text, 'a list': listShape(text, '[create, update]') },
  'a string or a list',
  'create',
);
const delay = wholeNumberShape(0, MAX_DELAY_MS);
const count = wholeNumberShape(0, MAX_COUNT);

/**
 * Checks a regular expression. RE2 executes it in time that is linear in the length of the path, so a client cannot
 * send a slow pattern.
 */
const pattern: Shape = (value, path, report) => {
  const compiled = typeof value === 'string' && value.length <= MAX_TEXT_LENGTH ? compilePattern(value) : undefined;
  if (compiled === undefined) text(value, path, report);
  else if (typeof compiled === 'string') report(path, compiled, 'write an expression of RE2, such as "limit=500"');
};

const MATCH = members({
  verb: texts,
  group: texts,
  kind: texts,
  resource: texts,
  subresource: texts,
  namespace: texts,
  name: texts,
  user: texts,
  method: texts,
  path: pattern,
} satisfies Record<keyof Omit<FaultMatch, 'where'>, Shape>);

const OPTIONS = {
  times: typed(
    `a whole number from 1 to ${MAX_COUNT}, or "all"`,
    (value) => value === 'all' || (Number.isInteger(value) && Number(value) > 0 && Number(value) <= MAX_COUNT),
    '3',
    numberOrType,
  ),
  after: count,
  probability: typed(
    'a number above 0 and up to 1',
    (value) => typeof value === 'number' && value > 0 && value <= 1,
    '0.1',
    numberOrType,
  ),
  seed: wholeNumberShape(0, 2 ** 31 - 1),
} satisfies Record<keyof FaultOptions, Shape>;

/**
 * The members of each fault, without `kind`. The first element has the names of the required members. The second
 * element maps each member to its shape.
 */
const FAULTS: Readonly<Record<Fault['kind'], readonly [readonly string[], Readonly<Record<string, Shape>>]>> = {
  latency: [['milliseconds'], { milliseconds: delay, jitterMs: delay }],
  error: [
    ['status', 'reason'],
    {
      status: wholeNumberShape(400, 599),
      reason: text,
      message: text,
      retryAfterSeconds: wholeNumberShape(0, MAX_DELAY_MS / 1000),
    },
  ],
  conflict: [[], {}],
  disconnect: [[], {}],
  'lost-answer': [[], {}],
  timeout: [[], { executed: flag }],
  'no-answer': [[], { executed: flag }],
  stale: [
    [],
    {
      resourceVersion: textLike('a resource version', '"120"', (value) => /^\d{1,15}$/.test(value)),
      behind: wholeNumberShape(1, MAX_COUNT),
    },
  ],
  'watch-drop': [[], { afterEvents: count, how: oneOf('end', 'break', 'expire') }],
  'watch-stall': [[], { afterEvents: count }],
  'watch-delay': [['milliseconds'], { milliseconds: delay }],
};

const kinds = oneOf(...Object.keys(FAULTS));

const fault: Shape = (value, path, report) => {
  const kind = isJsonObject(value) && Object.hasOwn(value, 'kind') ? value['kind'] : undefined;
  const known = typeof kind === 'string' && Object.hasOwn(FAULTS, kind) ? FAULTS[kind as Fault['kind']] : undefined;
  if (known !== undefined) return members({ kind: anything, ...known[1] }, known[0])(value, path, report);
  if (kind === undefined) members({ kind: kinds }, ['kind'])(isJsonObject(value) ? {} : value, path, report);
  else kinds(kind, [...path, 'kind'], report);
};

const RULE = members(
  {
    name: textLike(
      'a name of at most 63 letters, digits, dots, dashes and underscores that begins with a letter or digit',
      'slow-lists',
      (value) => /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/.test(value),
    ),
    match: MATCH,
    fault,
    ...OPTIONS,
  },
  ['fault'],
);

const RULES = members(
  {
    schemaVersion: typed('1', (value) => value === 1, '1', numberOrType),
    rules: listShape(RULE, '[{fault: {kind: conflict}}]'),
  },
  ['rules'],
);

/**
 * Reads fault rules from JSON: one rule, or an object with the list `rules`. Reports all members of a wrong shape
 * together. When the shapes are correct, checks for conditions that no request can meet. If there is an error, returns
 * no rules, so that a test never runs with a part of its faults.
 */
export function readFaultRules(value: JsonValue, report: Report): readonly RequestedRule[] {
  const isList = isJsonObject(value) && Object.hasOwn(value, 'rules');
  let isWrong = false;
  const note: Report = (...mistake) => {
    isWrong = true;
    report(...mistake);
  };
  const list = isList ? value['rules'] : [value];
  if (Array.isArray(list) && list.length > MAX_RULES) {
    note(['rules'], `there are ${list.length} rules, and at most ${MAX_RULES} are allowed`);
    return [];
  }
  if (Array.isArray(list) && list.length === 0) note(['rules'], 'the list has no rule', 'add a rule, or use clear');
  (isList ? RULES : RULE)(value, [], note);
  if (isWrong || !Array.isArray(list)) return [];
  const rules = (list as JsonObject[]).map(requestedRule);
  for (const [at, { match, fault: effect }] of rules.entries()) {
    for (const { member, index, message, hint } of neverHits(match, effect)) {
      const place = isList ? ['rules', at] : [];
      note([...place, 'match', member, ...(index === undefined ? [] : [index])], message, hint);
    }
  }
  return isWrong ? [] : rules;
}

/** Converts the JSON of a rule. The caller has checked its shape. */
function requestedRule(source: JsonObject): RequestedRule {
  const { name, match = {}, fault: effect, times = 1, after, probability, seed } = source;
  return {
    source,
    ...(name === undefined ? {} : { name: name as string }),
    match: matchOf(match as JsonObject),
    fault: effect as Fault,
    options: {
      ...({ after, probability, seed } as FaultOptions),
      times: times === 'all' ? Number.POSITIVE_INFINITY : (times as number),
    },
  };
}

function matchOf({ path, ...conditions }: JsonObject): FaultMatch {
  const compiled = typeof path === 'string' ? compilePattern(path) : undefined;
  if (compiled === undefined || typeof compiled === 'string') return conditions;
  return { ...conditions, where: (request) => compiled.matcher(request.path).find() };
}

/** Returns the compiled regular expression, or the reason why it is invalid. */
function compilePattern(source: string) {
  const { RE2JS, RE2JSException } = re2Library();
  try {
    return RE2JS.compile(source);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return error.message;
  }
}
