import { type JsonObject, type JsonValue, stringifyJson } from '@typekro/kit/core';
import { type CaseOutcome, type KroCase, notRun, outcomeOf } from './cases.ts';
import { differences } from './case-world.ts';
import { UnknownForm } from './graph-input.ts';

/** The results of a check, keyed by the names that cases use in their expectations. */
export type Findings = Readonly<Record<string, JsonValue | undefined>>;

/** A rule for cases that describe situations in words: the form of the input, and the check. */
export interface WordRule {
  /** Maps each member of the input that the rule reads to a pattern for its value as a string. */
  readonly input: Readonly<Record<string, RegExp>>;
  check(input: JsonObject, expect: JsonObject): Findings | Promise<Findings>;
}

const textOf = (value: JsonValue | undefined): string =>
  typeof value === 'string' ? value : stringifyJson(value ?? null);

function fits({ input }: WordRule, given: JsonObject): boolean {
  const names = Object.keys(given);
  return names.length === Object.keys(input).length && names.every((name) => input[name]?.test(textOf(given[name])) === true);
}

/** Runs the check of the first rule that matches the input, and compares each expected member. */
export async function runByRules(rules: readonly WordRule[], { input, expect }: KroCase): Promise<CaseOutcome> {
  const rule = rules.find((each) => fits(each, input));
  if (rule === undefined) return notRun(`no rule for ${stringifyJson(input)}`);
  try {
    const found = await rule.check(input, expect);
    return outcomeOf(Object.entries(expect).flatMap(([key, expected]) => compare(key, found, expected ?? null)));
  } catch (thrown) {
    if (thrown instanceof UnknownForm) return notRun(thrown.message);
    throw thrown;
  }
}

/**
 * Compares a finding with the expected value. A list `[status, reason, text]` is a condition whose message is `text`;
 * an absent `text` allows every message. In such a list, `contains: …` and `prefix: …` require a part or the beginning
 * of the message. For other strings, keys that end with `Contains` or `Prefix` do the same. The value of the key
 * `error` is the end of the error message.
 */
function compare(key: string, found: Findings, expected: JsonValue): string[] {
  const name = /^(error|message)(Contains|Prefix)$/.test(key) ? key.replace(/(Contains|Prefix)$/, '') : key;
  if (!Object.hasOwn(found, name)) throw new UnknownForm(`no rule for "${key}"`);
  const value = found[name];
  if (key.endsWith('Contains')) {
    const parts = Array.isArray(expected) ? expected.map(String) : [String(expected)];
    return parts.every((part) => textOf(value).includes(part)) ? [] : [`${key}: ${textOf(value)} without ${parts.join(', ')}`];
  }
  if (key.endsWith('Prefix')) {
    return textOf(value).startsWith(String(expected)) ? [] : [`${key}: ${textOf(value)} instead of ${String(expected)}`];
  }
  if (name === 'error' && typeof expected === 'string') {
    return textOf(value).endsWith(expected) ? [] : [`error: ${textOf(value)} instead of ${expected}`];
  }
  if (Array.isArray(expected) && Array.isArray(value) && /^(True|False|Unknown)$/.test(String(expected[0]))) {
    return comparedCondition(key, value.map(String), expected.map(String));
  }
  return differences(key, value, expected);
}

function comparedCondition(key: string, found: readonly string[], expected: readonly string[]): string[] {
  const [status, reason, text = ''] = expected;
  const [, form = '', part = ''] = /^(contains:? |prefix: )?([\s\S]*)$/.exec(text) ?? [];
  const message = found[2] ?? '';
  const hasText = form.startsWith('contains') ? message.includes(part) : form === 'prefix: ' ? message.startsWith(part) : text === '' || message === text;
  const isSame = status === found[0] && (reason === undefined || reason === found[1]) && hasText;
  return isSame ? [] : [`${key}: ${found.join(' ')} instead of ${expected.join(' ')}`];
}

/** Splits `Status Reason: message` into `[status, reason, message]`. */
export function conditionList(text: string): string[] {
  const [, status = '', reason = '', message = ''] = /^(\w*) (\w*): ([\s\S]*)$/.exec(text) ?? [];
  return [status, reason, message];
}

/** A list of strings in the input. */
export function listOf(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
