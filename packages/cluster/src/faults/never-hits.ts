import { nearestName } from '@typekro/kit/core';
import type { Fault, FaultMatch } from './fault.ts';

/** A reason why a rule can hit no request. */
export interface FaultMistake {
  /** The condition of the match. */
  readonly member: keyof FaultMatch;
  /** The index of the value in the condition's list; absent for a condition with a single value. */
  readonly index?: number;
  readonly message: string;
  readonly hint: string;
}

/** A kind of request: its verb, its HTTP method, and whether its path is a resource path. */
type Candidate = readonly [verb: string, method: string, isResource: boolean];

/**
 * All kinds of requests that the server can receive. The verb of a non-resource path is its method in lower case; HEAD
 * counts as GET.
 */
const CANDIDATES: readonly Candidate[] = [
  ...['get', 'list', 'watch'].flatMap((verb): Candidate[] => [
    [verb, 'GET', true],
    [verb, 'HEAD', true],
  ]),
  ['create', 'POST', true],
  ['update', 'PUT', true],
  ['patch', 'PATCH', true],
  ['delete', 'DELETE', true],
  ['deletecollection', 'DELETE', true],
  ['get', 'GET', false],
  ['get', 'HEAD', false],
  ...['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((method): Candidate => [method.toLowerCase(), method, false]),
];
const VERBS = [...new Set(CANDIDATES.map(([verb]) => verb))];
const METHODS = [...new Set(CANDIDATES.map(([, method]) => method))];

const READS = ['get', 'list'];
const WRITES = ['create', 'update', 'patch', 'delete'];
const WATCH = ['watch'];

/**
 * Maps a kind of fault to the resource verbs that it can hit. A fault that is not in this map can hit every request.
 */
export const FAULT_VERBS: Readonly<Partial<Record<Fault['kind'], readonly string[]>>> = {
  stale: READS,
  conflict: WRITES,
  'watch-drop': WATCH,
  'watch-stall': WATCH,
  'watch-delay': WATCH,
};

/** The conditions whose value is one segment of a path, or the name of a kind. */
const SEGMENTS = ['group', 'kind', 'resource', 'subresource', 'namespace'] as const;
const CONDITIONS = [...SEGMENTS, 'verb', 'name', 'user', 'method'] as const;

/**
 * The reasons why a rule can hit no request: values that no request has, and conditions and faults that exclude each
 * other. A resource that the cluster does not serve is not a mistake, because a test may install its definition later.
 */
export function neverHits(match: FaultMatch, fault: Fault): readonly FaultMistake[] {
  const mistakes = [...emptyLists(match), ...unknownValues(match)];
  return mistakes.length > 0 ? mistakes : exclusions(match, fault);
}

const valuesOf = (wanted: string | readonly string[] | undefined): readonly string[] | undefined =>
  typeof wanted === 'string' ? [wanted] : wanted;

function* emptyLists(match: FaultMatch): Iterable<FaultMistake> {
  for (const member of CONDITIONS) {
    if (valuesOf(match[member])?.length !== 0) continue;
    yield { member, message: `"${member}" is an empty list, which no request matches`, hint: `leave out "${member}"` };
  }
}

function* unknownValues(match: FaultMatch): Iterable<FaultMistake> {
  for (const [member, known] of [
    ['verb', VERBS],
    ['method', METHODS],
  ] as const) {
    for (const [index, value] of (valuesOf(match[member]) ?? []).entries()) {
      if (known.includes(value)) continue;
      const near = known.find((name) => name === value.toUpperCase()) ?? nearestName(value, known);
      const hint = near === undefined ? `write one of ${known.join(', ')}` : `did you mean ${near}?`;
      yield { member, ...placeIn(match, member, index), message: `no request has the ${member} "${value}"`, hint };
    }
  }
  for (const member of SEGMENTS) {
    for (const [index, value] of (valuesOf(match[member]) ?? []).entries()) {
      if (!value.includes('/')) continue;
      const hint =
        member === 'resource'
          ? 'write the plural, such as pods; the API group and the subresource are "group" and "subresource"'
          : `write the ${member} without a slash`;
      yield {
        member,
        ...placeIn(match, member, index),
        message: `no ${member} contains a slash, but "${value}" does`,
        hint,
      };
    }
  }
}

const placeIn = (match: FaultMatch, member: keyof FaultMatch, index: number): { readonly index?: number } =>
  typeof match[member] === 'string' ? {} : { index };

/** The conditions that can contradict each other, or that can leave no request that the fault hits. */
const EXCLUSIVE = ['verb', 'method', 'resource'] as const;
type Exclusive = (typeof EXCLUSIVE)[number];

/** The mistakes of conditions that exclude each other, or that exclude the fault. */
function exclusions(match: FaultMatch, fault: Fault): readonly FaultMistake[] {
  const faultVerbs = FAULT_VERBS[fault.kind];
  const isHit = ([verb, , isResource]: Candidate): boolean =>
    faultVerbs === undefined || (isResource && faultVerbs.includes(verb));
  const met = candidatesOf(match, []);
  if (met.some(isHit)) return [];
  const given = EXCLUSIVE.filter((member) => match[member] !== undefined);
  const remedies = smallestSets(given, (omitted) => candidatesOf(match, omitted).some(isHit));
  const member = remedies[0]?.[0] ?? 'verb';
  const hint = `leave out ${remedies.map((omitted) => omitted.map((name) => `"${name}"`).join(' and ')).join(' or ')}`;
  if (met.length === 0 || faultVerbs === undefined) {
    const message = `no request has ${given.map((name) => described(name, match)).join(' and ')}`;
    return [{ member, message, hint }];
  }
  const message = `the fault ${fault.kind} hits only resource requests with the ${faultVerbs.length === 1 ? 'verb' : 'verbs'} ${faultVerbs.join(', ')}`;
  if (!remedies.some((omitted) => omitted.length === 1 && omitted[0] === 'verb')) return [{ member, message, hint }];
  const hits = candidatesOf(match, ['verb']).filter(isHit);
  const verbs = faultVerbs.filter((name) => hits.some(([verb]) => verb === name));
  return [{ member, message, hint: `write ${verbs.length === 1 ? '' : 'one of '}${verbs.join(', ')}, or ${hint}` }];
}

/** The kinds of requests that meet the conditions on verb, method and resource, except for the omitted conditions. */
function candidatesOf(match: FaultMatch, omitted: readonly Exclusive[]): readonly Candidate[] {
  const [verbs, methods, resources] = EXCLUSIVE.map((member) =>
    omitted.includes(member) ? undefined : valuesOf(match[member]),
  );
  return CANDIDATES.filter(
    ([verb, method, isResource]) =>
      verbs?.includes(verb) !== false &&
      methods?.includes(method) !== false &&
      resources?.some((resource) => (resource !== '') === isResource) !== false,
  );
}

/** The subsets of a short list that pass a test and have the fewest members. */
function smallestSets<T>(all: readonly T[], passes: (subset: readonly T[]) => boolean): readonly (readonly T[])[] {
  const subsets = Array.from({ length: 2 ** all.length }, (_, mask) =>
    all.filter((_member, index) => (mask & (1 << index)) !== 0),
  ).filter(passes);
  const size = Math.min(...subsets.map(({ length }) => length));
  return subsets.filter(({ length }) => length === size);
}

const described = (member: Exclusive, match: FaultMatch): string => {
  const values = (valuesOf(match[member]) ?? []).map((value) => (value === '' ? '""' : value));
  return `the ${member} ${values.join(', ')}`;
};
