import { type JsonObject, type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { Explanation, readConditions } from '@typekro/engine/runtime';
import { partialDifferences, wholeDifferences } from './partial-differences.ts';
import type { GraphWorld } from './graph-world.ts';
import type { ExpectedOrder, Expectation, Mismatch, TestPath } from './steps.ts';
import { snapshotOf } from './snapshot-of-world.ts';

/** The values with which an expectation is compared. */
export interface Observed {
  readonly world: GraphWorld;
  /** The message with which the API server refused a write of the step; `undefined` if it accepted all writes. */
  readonly refusal: string | undefined;
  /** The stored snapshot of the step; `undefined` if there is none. */
  readonly snapshot: JsonObject | undefined;
}

type Check = (expect: Expectation, observed: Observed, at: TestPath) => Promise<Mismatch[]> | Mismatch[];

/** The unmet expectations of a step. `at` is the path of `expect` in the test. */
export async function unmetExpectations(expect: Expectation, observed: Observed, at: TestPath): Promise<Mismatch[]> {
  const found: Mismatch[] = [];
  for (const [member, check] of Object.entries(CHECKS)) {
    if (expect[member as keyof Expectation] === undefined) continue;
    found.push(...(await check(expect, observed, [...at, member])));
  }
  return found;
}

const CHECKS: Readonly<Record<keyof Expectation, Check>> = {
  refused: ({ refused = '' }, { refusal }, at) =>
    refusal?.includes(refused) === true
      ? []
      : [{ at, subject: 'refusal by the API server', expected: refused, received: refusal }],
  gone: async ({ gone }, { world }, at) => {
    const live = await world.live();
    const isGone = live === undefined;
    if (isGone === gone) return [];
    const state = isGone
      ? 'it is gone'
      : live.metadata.deletionTimestamp === undefined
        ? 'it is there'
        : 'it is being deleted';
    return [{ at, subject: 'instance', expected: gone === true ? 'it is gone' : 'it is there', received: state }];
  },
  children: checkChildren,
  only: async ({ only = [] }, { world }, at) => {
    const found: string[] = [];
    for (const node of world.graph.nodes.values()) {
      if (isExternal(node)) continue;
      if ((await world.children(node)).length > 0) found.push(node.id);
    }
    return sameSet('nodes with objects', only, found, at);
  },
  created: ({ created = [] }, { world }, at) => orderMismatch('order of creation', created, world.written.created, at),
  deleted: ({ deleted = [] }, { world }, at) => orderMismatch('order of deletion', deleted, world.written.deleted, at),
  written: ({ written = [] }, { world }, at) => sameSet('nodes written', written, [...world.written.inStep], at),
  state: async ({ state = '' }, { world }, at) => {
    const received = (await world.live())?.status?.['state'];
    return received === state ? [] : [{ at, subject: 'status.state', expected: state, received }];
  },
  status: async ({ status = {} }, { world }, at) => {
    const received = (await world.live())?.status;
    return partialDifferences(status, received).map((each) => ({
      at: [...at, ...each.at],
      subject: `status.${each.path}`,
      expected: each.expected,
      received: each.received,
    }));
  },
  conditions: checkConditions,
  nodes: checkNodes,
  events: checkEvents,
  snapshot: async (_expect, { world, snapshot }, at) => {
    if (snapshot === undefined)
      return [{ at, subject: 'snapshot', expected: 'a stored snapshot', received: undefined }];
    return wholeDifferences(snapshot, await snapshotOf(world)).map(({ path, expected, received }) => ({
      at,
      subject: path,
      expected,
      received,
    }));
  },
};

function isExternal({ nodeType }: { readonly nodeType: string }): boolean {
  return nodeType === 'external' || nodeType === 'externalCollection';
}

async function checkChildren({ children = {} }: Expectation, { world }: Observed, at: TestPath): Promise<Mismatch[]> {
  const found: Mismatch[] = [];
  for (const [id, expected] of Object.entries(children)) {
    const node = world.graph.nodes.get(id);
    if (node === undefined) continue;
    const objects = await world.children(node);
    const reason = world.whyOf(id);
    const place = { at: [...at, id], ...(reason === undefined ? {} : { because: reason }) };
    const presence = objects.length === 0 ? undefined : namesOf(objects);
    if (expected === 'absent') {
      if (objects.length > 0) found.push({ ...place, subject: id, expected: 'absent', received: namesOf(objects) });
    } else if (expected === 'present' || (objects.length === 0 && !Array.isArray(expected))) {
      if (objects.length === 0) found.push({ ...place, subject: id, expected: 'present', received: presence });
    } else {
      found.push(...objectMismatches(id, expected as JsonObject | readonly JsonObject[], objects, place));
    }
  }
  return found;
}

function objectMismatches(
  id: string,
  expected: JsonObject | readonly JsonObject[],
  objects: readonly KubeObject[],
  place: Pick<Mismatch, 'at' | 'because'>,
): Mismatch[] {
  const wanted = Array.isArray(expected) ? (expected as readonly JsonObject[]) : [expected as JsonObject];
  if (wanted.length !== objects.length) {
    const received = objects.length === 0 ? 'no object' : namesOf(objects);
    return [{ ...place, subject: id, expected: countOf(wanted.length), received }];
  }
  return wanted.flatMap((each, index) =>
    partialDifferences(each, objects[index] as unknown as JsonObject).map((difference) => ({
      ...place,
      at: [...place.at, ...(Array.isArray(expected) ? [index] : []), ...difference.at],
      subject: `${id}${Array.isArray(expected) ? `[${index}]` : ''}.${difference.path}`,
      expected: difference.expected,
      received: difference.received,
    })),
  );
}

function countOf(count: number): string {
  return count === 1 ? 'one object' : `${count} objects`;
}

function namesOf(objects: readonly KubeObject[]): string {
  return objects.map(({ kind, metadata }) => `${kind}/${metadata.name ?? ''}`).join(', ');
}

function sameSet(subject: string, expected: readonly string[], received: readonly string[], at: TestPath): Mismatch[] {
  const [wanted, got] = [expected.toSorted(), received.toSorted()];
  return wanted.join() === got.join() ? [] : [{ at, subject, expected: wanted, received: got }];
}

/**
 * Checks an order, whose entries are nodes or lists of nodes. Every named node must occur, and each node of an entry
 * must occur after all nodes of the previous entries.
 */
function orderMismatch(
  subject: string,
  expected: ExpectedOrder,
  received: readonly string[],
  at: TestPath,
): Mismatch[] {
  let before = -1;
  for (const entry of expected) {
    const turns = [entry].flat().map((id) => received.indexOf(id));
    if (turns.some((turn) => turn <= before)) {
      return [{ at, subject, expected: expected as unknown as JsonValue, received: [...received] }];
    }
    before = Math.max(before, ...turns);
  }
  return [];
}

async function checkConditions({ conditions = {} }: Expectation, { world }: Observed, at: TestPath) {
  const known = readConditions((await world.live())?.status?.['conditions']);
  return Object.entries(conditions).flatMap(([type, expected]): Mismatch[] => {
    const members = typeof expected === 'object' ? expected : { status: statusText(expected) };
    const wanted = members.status === undefined ? undefined : statusText(members.status);
    const condition = known.find((each) => each.type === type);
    const { status, reason = '', message = '' } = condition ?? {};
    const received = condition === undefined ? undefined : { status: status ?? '', reason, message };
    const isMet =
      (wanted === undefined || wanted === status) &&
      (members.reason === undefined || members.reason === reason) &&
      message.includes(members.message ?? '');
    if (isMet && condition !== undefined) return [];
    return [{ at: [...at, type], subject: `condition ${type}`, expected: { ...members }, received }];
  });
}

/** Converts the expected status of a condition to a string, because YAML parses `True` without quotes as a boolean. */
function statusText(status: string | boolean): string {
  return status === true ? 'True' : status === false ? 'False' : status;
}

function checkNodes({ nodes = {} }: Expectation, { world }: Observed, at: TestPath): Mismatch[] {
  const reports = new Map(world.reports().map((report) => [report.id, Explanation.of(report)]));
  return Object.entries(nodes).flatMap(([id, expected]): Mismatch[] => {
    const members = typeof expected === 'string' ? { state: expected } : expected;
    const report = reports.get(id);
    if (report === undefined)
      return [{ at: [...at, id], subject: `node ${id}`, expected: toJson(members), received: undefined }];
    const isMet =
      (members.state === undefined || members.state === report.state) &&
      report.reason.includes(members.reason ?? '') &&
      (members.waitsFor === undefined || members.waitsFor.toSorted().join() === report.waitsFor.toSorted().join());
    if (isMet) return [];
    const received = { state: report.state, reason: report.reason, waitsFor: [...report.waitsFor] };
    return [{ at: [...at, id], subject: `node ${id}`, expected: toJson(members), received }];
  });
}

async function checkEvents({ events = [] }: Expectation, { world }: Observed, at: TestPath): Promise<Mismatch[]> {
  const known = (await world.events()).map((event) => ({
    type: textOf(event['type']),
    reason: textOf(event['reason']),
    message: textOf(event['message']),
  }));
  const texts = known.map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
  return events.flatMap((expected, index): Mismatch[] => {
    const isMet =
      typeof expected === 'string'
        ? texts.some((text) => text.includes(expected))
        : known.some(
            ({ type, reason, message }) =>
              (expected.type === undefined || expected.type === type) &&
              (expected.reason === undefined || expected.reason === reason) &&
              message.includes(expected.message ?? ''),
          );
    if (isMet) return [];
    const wanted = typeof expected === 'string' ? expected : { ...expected };
    return [{ at: [...at, index], subject: 'events', expected: wanted, received: texts }];
  });
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function toJson(value: object): JsonValue {
  return isJsonObject(value) ? value : {};
}
