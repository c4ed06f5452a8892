import { type JsonObject, stringifyJson } from '@typekro/kit/core';
import { Path } from '@typekro/engine/graph';
import type { GraphWorld } from '../graph-test/graph-world.ts';
import { unmetExpectations } from '../graph-test/expectations.ts';
import type { Expectation, ExpectedChild, GraphTest, Mismatch, TestPath } from '../graph-test/steps.ts';
import { shownValue } from '../graph-test/value-text.ts';
import type { EndFinding } from './compare-lives.ts';

/** The last expectation of a test, and its path in the test. */
export interface FinalExpectation {
  readonly at: TestPath;
  readonly expect: Expectation;
}

/**
 * The parts of a test's last expectation that must also be met in the final state of a life (one run of the test) under
 * faults. The expected creations, deletions, writes, events, refusals and snapshots are dropped, because they depend on
 * the course of the life. Fields of children are dropped too: other clients may change the fields that the controller
 * does not own, and the fields that it owns are compared with the life without faults. Expectations about the status of
 * children stay. Returns `undefined` if no part remains.
 */
export function finalExpectation({ expect, steps = [] }: GraphTest): FinalExpectation | undefined {
  const last = steps.findLastIndex((step) => step.expect !== undefined);
  const given = steps[last]?.expect ?? expect;
  if (given === undefined) return undefined;
  const { created: _created, deleted: _deleted, written: _written, events: _events, ...rest } = given;
  const { refused: _refused, snapshot: _snapshot, children, ...kept } = rest;
  const wanted: Expectation = {
    ...kept,
    ...(children === undefined
      ? {}
      : { children: Object.fromEntries(Object.entries(children).map(([id, child]) => [id, withStatusOnly(child)])) }),
  };
  if (Object.values(wanted).every((value) => value === undefined)) return undefined;
  return { at: [...(last < 0 ? [] : ['steps', last]), 'expect'], expect: wanted };
}

/** Reduces an expected child to the fields of its status. */
function withStatusOnly(child: ExpectedChild): ExpectedChild {
  if (typeof child === 'string') return child;
  if (Array.isArray(child)) return (child as readonly JsonObject[]).map(statusFields);
  const status = statusFields(child as JsonObject);
  return Object.keys(status).length === 0 ? 'present' : status;
}

const statusFields = (fields: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => /^status(?:$|[.[])/.test(key)));

/** The unmet parts of an expectation in the final state. */
export const unmetAtRest = (world: GraphWorld, { at, expect }: FinalExpectation): Promise<Mismatch[]> =>
  unmetExpectations(expect, { world, refusal: undefined, snapshot: undefined }, at);

/** Matches UIDs, times and addresses: a server generates new values when an object is recreated. */
const GENERATED = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-|\d{4}-\d\d-\d\dT\d\d:|\b\d{1,3}(?:\.\d{1,3}){3}\b/;

/** Does an expectation name a value that the server generates? */
export const isGenerated = ({ expected }: Mismatch): boolean =>
  GENERATED.test(typeof expected === 'string' ? expected : stringifyJson(expected));

/** Identifies an unmet expectation. The result is the same in all lives of a test. */
export const expectationPlace = ({ at, subject }: Mismatch): string => `${Path.format(at)} ${subject}`;

/**
 * The finding for an unmet expectation.
 *
 * @param isSecret does a node (or, without a node, the instance's status) have values that must not be shown?
 */
export function expectationFinding(
  { at, subject, expected, received }: Mismatch,
  isSecret: (node: string | undefined) => boolean,
): EndFinding {
  const [member, id] = at.slice(at.indexOf('expect') + 1);
  const node = typeof id === 'string' && (member === 'children' || member === 'nodes') ? id : undefined;
  const isHidden = (member === 'children' || member === 'status') && isSecret(node);
  return {
    invariant: 'expectation',
    expected: `${subject} ${isHidden ? '(secret)' : shownValue(expected)}, as ${Path.format(at)} of the test says`,
    received: isHidden ? '(secret)' : shownValue(received),
    ...(node === undefined ? {} : { node }),
  };
}
