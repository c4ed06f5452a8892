import { formatApiVersion, namespacedName } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { type GraphNode, Nodes } from '../graph/index.ts';
import type { EvaluationFailure } from './evaluate.ts';
import type { NodeTexts, ObjectProblem, ProblemVerdict } from './node-texts.ts';
import type { ListTarget, ObjectTarget } from './objects/target.ts';

/** The end of most messages about a node that waits and has not failed. */
const NOT_READY = '(executor: node not ready)';

/** The largest collection size that kro can count: Go's largest `int`, rounded to a double. */
const MAX_INT = 2 ** 63;

/** kro's limit for the number of dimensions in a `forEach`. */
const MAX_DIMENSIONS = 10;

/** The messages of kro 0.10, whose graph engine applies the nodes one after the other. */
export const NODE_TEXTS_0_10: NodeTexts = {
  unresolved(node, state, failure, path) {
    const dimension = path?.startsWith('forEach.') === true ? path.slice('forEach.'.length) : undefined;
    const text = dimension === undefined ? atPath(failure, path) : `forEach "${dimension}": ${failure.message}`;
    const pending = state === 'pending' ? ` (data pending) ${NOT_READY}` : '';
    return `${resolving(node)}: ${quotedNode(node)}: ${text}${pending}`;
  },
  undecided(node, state, { cel, message }) {
    const pending = state === 'pending' ? ` (data pending) ${NOT_READY}` : '';
    return `${applying(node)}: includeWhen: ${quotedNode(node)}: includeWhen ${goQuote(cel)}: ${message}${pending}`;
  },
  notList: (node, dimension, type) =>
    `${resolving(node)}: ${quotedNode(node)}: forEach "${dimension}": expected list, got ${type}`,
  tooLarge(node, size, limit) {
    const text =
      size > MAX_INT ? 'collection size overflows int' : `collection size ${size} exceeds the maximum of ${limit}`;
    return `${resolving(node)}: ${quotedNode(node)}: ${text}`;
  },
  tooManyDimensions: (node, count) =>
    count <= MAX_DIMENSIONS
      ? undefined
      : `${resolving(node)}: ${quotedNode(node)}: collection has ${count} forEach dimensions, exceeds the maximum of ${MAX_DIMENSIONS}`,
  collision: (node, identity) =>
    `${resolving(node)}: ${quotedNode(node)}: duplicate identity in collection: ${identity}`,
  invalid: (node, problem) => `${resolving(node)}: ${problem}`,
  refused: (node, problem) => `${applying(node)}: ${problem}`,
  unknownType: (node, type) =>
    `${applying(node)}: ${type}: executor: target GVK not yet known to the cluster ${NOT_READY}`,
  notBool: (node, field, cel, type) =>
    `${applying(node)}: ${quotedNode(node)}: ${field} ${goQuote(cel)} returned ${type}, want bool`,
  targetMissing: (node, target) =>
    `${applying(node)}: patch target ${quotedObject(target)} not found: executor: node not ready`,
  externalMissing: (node, target) =>
    `${applying(node)}: external ref ${quotedObject(target)} not found: executor: node not ready`,
  externalUnreadable: (node, problem, target) =>
    'selector' in target
      ? `${applying(node)}: list external collection "${lastId(node)}" (${gvrText(target)}): ${problem}`
      : `${applying(node)}: get external ref ${quotedObject(target)}: ${problem}`,
  notReady: (node, cel, index) =>
    `${applying(node)}: ${readyWhenText(node, cel, index)} is false: waiting for readiness ${NOT_READY}`,
  readinessUnknown(node, state, { cel, message }, index) {
    const waiting = state === 'pending' ? ` (waiting for readiness) ${NOT_READY}` : '';
    return `${applying(node)}: ${readyWhenText(node, cel, index)}: ${message}${waiting}`;
  },
  duplicate: (first, second, target) =>
    `executor: duplicate resource identity across nodes: nodes "${first}" and "${second}" both render ${identityText(target)}`,
  problems(node, problems) {
    if (node.nodeType === 'patch') return ofTargets(node, problems);
    return node.nodeType === 'collection' ? ofItems(node, problems) : ofObject(node, problems[0]);
  },
};

function ofObject(node: GraphNode, problem: ObjectProblem): ProblemVerdict {
  const { because } = problem;
  const text = `${applying(node)}: ${objectText(node, problem)}`;
  return isOfOtherWriter(problem)
    ? { state: 'blocked', because, message: `${text} ${NOT_READY}` }
    : { state: 'failed', because, message: text };
}

/** The message about one object's problem, without the name of the node. */
function objectText({ nodeType }: GraphNode, { because, target, message }: ObjectProblem): string {
  const object = quotedObject(target);
  if (because.kind === 'read-failed') return `get current state for ${object}: ${message}`;
  if (because.kind !== 'field-conflict') return message;
  if (nodeType !== 'patch') return `template ${object}: executor: field owned by a foreign field manager`;
  const isOfFields = because.managers.length > 0;
  return isOfFields
    ? `patch field conflict on ${object}: ${message} (executor: field owned by a foreign field manager)`
    : `patch conflict on ${object}: ${message}`;
}

/** Does another manager or Graph own the object or its fields? If so, the node waits. */
export function isOfOtherWriter({ because }: Pick<ObjectProblem, 'because'>): boolean {
  return because.kind === 'graph-owner' || because.kind === 'field-conflict';
}

/**
 * The verdict on the targets of a patch node. Each target is written independently. A failure takes precedence over a
 * conflict or an absent target.
 */
function ofTargets(node: GraphNode, problems: readonly [ObjectProblem, ...ObjectProblem[]]): ProblemVerdict {
  const failed = problems.filter((problem) => !isOfOtherWriter(problem) && problem.because.kind !== 'target-missing');
  const [first] = failed;
  if (first !== undefined) {
    const texts = failed.map((problem) => objectText(node, problem));
    return { state: 'failed', because: first.because, message: `${applying(node)}: ${texts.join('\n')}` };
  }
  const conflict = problems.find(isOfOtherWriter);
  if (conflict === undefined) return { state: 'blocked', because: problems[0].because, message: problems[0].message };
  const message = `${applying(node)}: ${objectText(node, conflict)} ${NOT_READY}`;
  return { state: 'blocked', because: conflict.because, message };
}

/**
 * The verdict on the items of a collection. A refused write or an object of another ApplySet fails the collection. Any
 * other failed write or read, or a conflict with another Graph or field manager, makes the collection wait.
 */
function ofItems(node: GraphNode, problems: readonly [ObjectProblem, ...ObjectProblem[]]): ProblemVerdict {
  const hard = problems.filter((problem) => isHard(problem));
  const [first] = hard;
  if (first !== undefined) {
    const texts = hard.map(({ because, message, target }) =>
      because.kind === 'write-failed' ? `item ${namespacedName(target)}: ${message}` : message,
    );
    return { state: 'failed', because: first.because, message: `${applying(node)}: ${texts.join('\n')}` };
  }
  const items = problems
    .map((problem) => {
      const text = isOfOtherWriter(problem) ? objectText(node, problem) : problem.message;
      return `item ${namespacedName(problem.target)}: ${text}`;
    })
    .join('\n');
  const text = `collection "${lastId(node)}": ${problems.length} item(s) failed to apply: ${items} ${NOT_READY}`;
  const { because } = problems.find(isOfOtherWriter) ?? problems[0];
  return { state: 'blocked', because, message: `${applying(node)}: ${text}` };
}

function isHard(problem: ObjectProblem): boolean {
  const { because } = problem;
  if (because.kind === 'write-failed') return isInvalid(because.failure.code);
  return because.kind !== 'read-failed' && !isOfOtherWriter(problem);
}

/** Does the server refuse the object itself (`BadRequest`, `Invalid`)? */
function isInvalid(code: number): boolean {
  return code === 400 || code === 422;
}

/** The beginning of most messages: the enclosing subgraphs, and then the node. */
export function applying(node: GraphNode): string {
  const ids = node.id.split('/');
  const last = ids.pop() ?? '';
  const frames = ids.map((id) => `apply "${id}" (subgraph): `).join('');
  return `${frames}apply "${last}"${Nodes.isExternal(node) ? ' (ref)' : node.nodeType === 'patch' ? ' (patch)' : ''}`;
}

/** The id of a node in its subgraph. */
function lastId({ id }: GraphNode): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

function quotedNode(node: GraphNode): string {
  return `node "${lastId(node)}"`;
}

function resolving(node: GraphNode): string {
  return `${applying(node)}: resolve`;
}

/**
 * The message about a failure with its path. The expression occurs twice, before the path and in the failure's own
 * message.
 */
function atPath({ message, reason }: EvaluationFailure, path: string | undefined): string {
  const evaluated = message.slice(0, message.length - reason.length - ': '.length);
  return path === undefined ? message : `${evaluated} at ${goQuote(path)}: ${message}`;
}

function readyWhenText(node: GraphNode, cel: string, index: number | undefined): string {
  return `${quotedNode(node)}: readyWhen ${goQuote(cel)}${index === undefined ? '' : ` (item ${index})`}`;
}

function quotedObject(target: ObjectTarget): string {
  return `${target.type.kind} "${namespacedName(target)}"`;
}

function identityText(target: ObjectTarget): string {
  return `${formatApiVersion(target.type)}/${target.type.kind}/${target.namespace ?? ''}/${target.name}`;
}

function gvrText({ type }: ListTarget): string {
  return `${type.group}/${type.version}, Resource=${type.plural}`;
}
