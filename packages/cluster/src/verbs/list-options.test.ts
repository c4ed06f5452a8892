import { describe, expect, test } from 'vitest';
import { Query } from '../protocol/request.ts';
import { listOptions } from './options.ts';

const CONTINUE = 'Forbidden: resourceVersionMatch is forbidden when continue is provided';
const UNASKED = 'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
const unsupported = (value: string) => `Unsupported value: "${value}": supported values: "NotOlderThan"`;

function problemsOf(query: string, watch: boolean): string[] {
  try {
    listOptions(new Query(query), watch);
    return [];
  } catch (thrown) {
    const { status } = thrown as { status: { details?: { causes?: { message: string }[] } } };
    return (status.details?.causes ?? []).map(({ message }) => message);
  }
}

describe('options of a watch', () => {
  test.each([
    ['', []],
    ['resourceVersionMatch=Exact', [UNASKED, unsupported('Exact')]],
    ['resourceVersionMatch=Bad', [UNASKED, unsupported('Bad')]],
    ['resourceVersionMatch=NotOlderThan', [UNASKED]],
    ['sendInitialEvents=true&resourceVersionMatch=NotOlderThan', []],
    ['sendInitialEvents=true', ['Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan']],
    ['continue=abc', [CONTINUE]],
    ['continue=abc&resourceVersion=0', [CONTINUE]],
    ['continue=abc&resourceVersion=7', []],
    ['continue=abc&sendInitialEvents=true&resourceVersionMatch=NotOlderThan', [CONTINUE]],
  ])('a watch with the query %j has the expected problems', (query, problems) => {
    expect(problemsOf(query, true)).toEqual(problems);
  });
});

describe('options of a list', () => {
  test.each([
    ['resourceVersionMatch=Exact&resourceVersion=1', []],
    ['resourceVersionMatch=Exact&resourceVersion=1&continue=abc', [CONTINUE]],
    ['sendInitialEvents=true', ['Forbidden: sendInitialEvents is forbidden for list']],
  ])('a list with the query %j has the expected problems', (query, problems) => {
    expect(problemsOf(query, false)).toEqual(problems);
  });
});
