import { nearestName } from '../../core/index.ts';
import type { Fault, FaultMatch } from './model.ts';

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

/** The mistakes of conditions that exclude each other, or that exclude the fault. */
function exclusions(match: FaultMatch, fault: Fault): readonly FaultMistake[] {
  const [verbs, methods, resources] = [valuesOf(match.verb), valuesOf(match.method), valuesOf(match.resource)];
  const faultVerbs = FAULT_VERBS[fault.kind];
  const met = CANDIDATES.filter(
    ([verb, method, isResource]) =>
      verbs?.includes(verb) !== false &&
      methods?.includes(method) !== false &&
      resources?.some((resource) => (resource !== '') === isResource) !== false,
  );
  if (met.some(([verb, , isResource]) => faultVerbs === undefined || (isResource && faultVerbs.includes(verb))))
    return [];
  const given = (['verb', 'method', 'resource'] as const).filter((member) => match[member] !== undefined);
  const member = given[0] ?? 'verb';
  if (met.length === 0 || faultVerbs === undefined) {
    const message = `no request has ${given.map((name) => described(name, match)).join(' and ')}`;
    return [{ member, message, hint: `leave out ${given.map((name) => `"${name}"`).join(' or ')}` }];
  }
  const message = `the fault ${fault.kind} hits only the ${faultVerbs.length === 1 ? 'verb' : 'verbs'} ${faultVerbs.join(', ')} of resources`;
  const hint =
    member === 'verb' && verbs?.some((verb) => faultVerbs.includes(verb)) === false
      ? `write ${faultVerbs.length === 1 ? '' : 'one of '}${faultVerbs.join(', ')}, or leave out "verb"`
      : `leave out ${given.map((name) => `"${name}"`).join(' or ')}`;
  return [{ member, message, hint }];
}

const described = (member: 'verb' | 'method' | 'resource', match: FaultMatch): string => {
  const values = (valuesOf(match[member]) ?? []).map((value) => (value === '' ? '""' : value));
  return `the ${member} ${values.join(', ')}`;
};
