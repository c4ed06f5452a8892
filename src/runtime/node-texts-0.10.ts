import { formatApiVersion } from '../core/index.ts';
import { goQuote } from '../golang/index.ts';
import type { GraphNode } from '../graph/index.ts';
import { isExternal } from '../graph/index.ts';
import type { EvaluationFailure } from './evaluate.ts';
import { namespacedName, typeOfNode } from './identity.ts';
import type { NodeTexts, ObjectProblem, ProblemVerdict } from './node-texts.ts';
import type { ObjectTarget } from './target.ts';

/** The end of every text of a node that waits and has not failed. */
const NOT_READY = '(executor: node not ready)';

/** The texts of kro 0.10, whose graph engine applies the nodes one after the other. */
export const NODE_TEXTS_0_10: NodeTexts = {
  unresolved(node, state, failure, path) {
    const dimension = path?.startsWith('forEach.') === true ? path.slice('forEach.'.length) : undefined;
    const text = dimension === undefined ? atPath(failure, path) : `forEach "${dimension}": ${failure.message}`;
    const pending = state === 'pending' ? ` (data pending) ${NOT_READY}` : '';
    return `${resolving(node)}: node "${node.id}": ${text}${pending}`;
  },
  undecided(node, state, { cel, message }) {
    const pending = state === 'pending' ? ` (data pending) ${NOT_READY}` : '';
    return `${applying(node)}: includeWhen: node "${node.id}": includeWhen ${goQuote(cel)}: ${message}${pending}`;
  },
  notList: (node, dimension, type) =>
    `${resolving(node)}: node "${node.id}": forEach "${dimension}": expected list, got ${type}`,
  tooLarge: (node, size, limit) =>
    `${resolving(node)}: node "${node.id}": collection size ${size} exceeds the maximum of ${limit}`,
  collision: (node, identity) => `${resolving(node)}: node "${node.id}": duplicate identity in collection: ${identity}`,
  invalid: (node, problem) => `${resolving(node)}: ${problem}`,
  externalMissing: (node, target) =>
    `${applying(node)}: external ref ${quotedObject(target)} not found: executor: node not ready`,
  externalUnreadable: (node, problem, target) =>
    target === undefined
      ? `${applying(node)}: list external collection "${node.id}" (${gvrText(node)}): ${problem}`
      : `${applying(node)}: get external ref ${quotedObject(target)}: ${problem}`,
  notReady: (node, cel, index) =>
    `${applying(node)}: ${readyWhenText(node, cel, index)} is false: waiting for readiness ${NOT_READY}`,
  readinessUnknown(node, state, { cel, message }, index) {
    const waiting = state === 'pending' ? ` (waiting for readiness) ${NOT_READY}` : '';
    return `${applying(node)}: ${readyWhenText(node, cel, index)}: ${message}${waiting}`;
  },
  duplicate: (first, second, target) =>
    `executor: duplicate resource identity across nodes: nodes "${first}" and "${second}" both render ${identityText(target)}`,
  problems: (node, problems) =>
    node.nodeType === 'collection' ? ofItems(node, problems) : ofObject(node, problems[0]),
};

function ofObject(node: GraphNode, problem: ObjectProblem): ProblemVerdict {
  const { because, target, message } = problem;
  const text = because.kind === 'read-failed' ? `get current state for ${quotedObject(target)}: ${message}` : message;
  return { state: 'failed', because, message: `${applying(node)}: ${text}` };
}

/**
 * A refused update leaves an item as it is. A refused creation and a foreign owner fail the collection. Any other
 * failed write makes the collection wait.
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
  const soft = problems.filter((problem) => !isTolerated(problem));
  const [waiting] = soft;
  if (waiting === undefined) return { state: 'tolerated', because: problems[0].because, message: '' };
  const items = soft.map(({ target, message }) => `item ${namespacedName(target)}: ${message}`).join('\n');
  const text = `collection "${node.id}": ${soft.length} item(s) failed to apply: ${items} ${NOT_READY}`;
  return { state: 'blocked', because: waiting.because, message: `${applying(node)}: ${text}` };
}

function isHard({ because, absent }: ObjectProblem): boolean {
  return because.kind === 'write-failed' ? absent && isInvalid(because.failure.code) : because.kind !== 'read-failed';
}

function isTolerated({ because, absent }: ObjectProblem): boolean {
  return because.kind === 'write-failed' && !absent && isInvalid(because.failure.code);
}

/** `BadRequest` and `Invalid`: the server refuses the object itself. */
function isInvalid(code: number): boolean {
  return code === 400 || code === 422;
}

function applying(node: GraphNode): string {
  return isExternal(node) ? `apply "${node.id}" (ref)` : `apply "${node.id}"`;
}

function resolving(node: GraphNode): string {
  return `${applying(node)}: resolve`;
}

/** The text of a failure with its path. The expression occurs twice: before the path, and in the failure's own text. */
function atPath({ message, reason }: EvaluationFailure, path: string | undefined): string {
  const evaluated = message.slice(0, message.length - reason.length - ': '.length);
  return path === undefined ? message : `${evaluated} at ${goQuote(path)}: ${message}`;
}

function readyWhenText({ id }: GraphNode, cel: string, index: number | undefined): string {
  return `node "${id}": readyWhen ${goQuote(cel)}${index === undefined ? '' : ` (item ${index})`}`;
}

function quotedObject(target: ObjectTarget): string {
  return `${target.type.kind} "${namespacedName(target)}"`;
}

function identityText(target: ObjectTarget): string {
  return `${formatApiVersion(target.type)}/${target.type.kind}/${target.namespace ?? ''}/${target.name}`;
}

function gvrText(node: GraphNode): string {
  const type = typeOfNode(node);
  return `${type.group}/${type.version}, Resource=${type.plural}`;
}
