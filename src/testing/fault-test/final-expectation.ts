import type { JsonObject } from '../../core/index.ts';
import { stringifyJson } from '../../core/index.ts';
import { formatPath } from '../../graph/index.ts';
import type { GraphWorld } from '../graph-test/graph-world.ts';
import { unmetExpectations } from '../graph-test/expectations.ts';
import type { Expectation, ExpectedChild, GraphTest, Mismatch, TestPath } from '../graph-test/model.ts';
import { shownValue } from '../graph-test/value-text.ts';
import type { EndFinding } from './compare-lives.ts';

/** The expectation with which a test ends, and its path in the test. */
export interface FinalExpectation {
  readonly at: TestPath;
  readonly expect: Expectation;
}

/**
 * The parts of a test's last expectation that must also hold at rest in a life under faults. Orders, writes, events,
 * refusals and snapshots are left out, because they depend on the way to the end. Fields of children are left out, too.
 * Other clients may change the fields that the controller does not own. The fields that the controller owns are
 * compared with the life without faults. Expectations about the status of children stay. Returns `undefined` when
 * nothing is left.
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

/** An expected child with the fields of its status alone. */
function withStatusOnly(child: ExpectedChild): ExpectedChild {
  if (typeof child === 'string') return child;
  if (Array.isArray(child)) return (child as readonly JsonObject[]).map(statusFields);
  const status = statusFields(child as JsonObject);
  return Object.keys(status).length === 0 ? 'present' : status;
}

const statusFields = (fields: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => /^status(?:$|[.[])/.test(key)));

/** The unmet parts of an expectation at rest. */
export const unmetAtRest = (world: GraphWorld, { at, expect }: FinalExpectation): Promise<Mismatch[]> =>
  unmetExpectations(expect, { world, refusal: undefined, snapshot: undefined }, at);

/** UIDs, times and addresses: a server generates other values when an object is created again. */
const GENERATED = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-|\d{4}-\d\d-\d\dT\d\d:|\b\d{1,3}(?:\.\d{1,3}){3}\b/;

/** Does an expectation name a value that the server generates? */
export const isGenerated = ({ expected }: Mismatch): boolean =>
  GENERATED.test(typeof expected === 'string' ? expected : stringifyJson(expected));

/** The place of an unmet expectation. It is the same in all lives of a test. */
export const expectationPlace = ({ at, subject }: Mismatch): string => `${formatPath(at)} ${subject}`;

/**
 * The finding of an unmet expectation.
 *
 * @param isSecret does a node have values that no output may show? Without a node: does the status of the instance?
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
    expected: `${subject} ${isHidden ? '(secret)' : shownValue(expected)}, as ${formatPath(at)} of the test says`,
    received: isHidden ? '(secret)' : shownValue(received),
    ...(node === undefined ? {} : { node }),
  };
}
