import type { KubeObject } from '@typekro/kit/core';
import { compareText, Failure } from '@typekro/kit/golang';
import { parseSelector } from '@typekro/kit/kubernetes';
import { badRequest } from '../errors/api-error.ts';

/** Does an object match a selector? */
export type Matcher = (object: KubeObject) => boolean;

/** Selects a part of the objects of a list or watch by the hash of a field. */
export interface ShardSelector {
  /** The selector in kube-apiserver's notation. Lists return it as `metadata.shardInfo.selector`. */
  readonly text: string;
  readonly matches: Matcher;
}

/**
 * Parses a label selector (`a=b,c in (d,e),!f`). Returns `undefined` when it selects everything.
 *
 * @throws ApiError 400 when the selector is malformed.
 */
export function parseLabelSelector(text: string): Matcher | undefined {
  if (text.trim() === '') return undefined;
  const matches = parseSelector(text);
  if (matches instanceof Failure) throw badRequest(matches.message);
  return (object) => matches(object.metadata.labels);
}

/** A requirement of a field selector. */
export interface FieldRequirement {
  readonly field: string;
  readonly value: string;
  readonly equal: boolean;
}

/**
 * Parses a field selector (`metadata.name=a,spec.x!=b`). In a value, commas, equals signs and backslashes are escaped
 * by a backslash. As in Kubernetes, the requirements are sorted alphabetically.
 *
 * @throws ApiError 400 when the selector is malformed.
 */
export function parseFieldSelector(text: string): FieldRequirement[] {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text).sort(compareText)) {
    if (term === '') continue;
    const match = /^([\s\S]*?)(!=|==|=)([\s\S]*)$/.exec(term);
    if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const [, field = '', operator, value = ''] = match;
    requirements.push({ field, value: unescaped(value), equal: operator !== '!=' });
  }
  return requirements;
}

/**
 * The value of a requirement without its escapes. Throws `ApiError` 400 for an unescaped comma or equals sign, and for
 * an unknown escape.
 */
const unescaped = (value: string): string =>
  value.replaceAll(/\\([\s\S]?)|[,=]/gu, (found, escaped: string | undefined) => {
    if (escaped === undefined)
      throw badRequest(`invalid field selector: unescaped character in value: ${found.charCodeAt(0)}`);
    if (!['\\', ',', '='].includes(escaped))
      throw badRequest(`invalid field selector: invalid escape sequence: ${found}`);
    return escaped;
  });

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let term = '';
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === '\\') term += character + text.charAt(++index);
    else if (character === ',') {
      terms.push(term);
      term = '';
    } else term += character;
  }
  return [...terms, term];
}
