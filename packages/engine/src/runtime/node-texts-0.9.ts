import { goQuote } from '@typekro/kit/golang';
import { type GraphNode, Nodes } from '../graph/index.ts';
import { typeOfNode } from './objects/identity.ts';
import type { NodeTexts } from './node-texts.ts';

/** The messages of kro 0.9. */
export const NODE_TEXTS_0_9: NodeTexts = {
  unresolved: (node, state, { message }) =>
    state === 'error'
      ? `node "${node.id}": ${message}`
      : `${typePrefix(node)}node "${node.id}": failed to evaluate expression: ${message} (data pending)`,
  undecided(node, state, { cel, message }) {
    const text = `includeWhen ${goQuote(cel)}: ${message}`;
    const named = `node "${node.id}": ${text}`;
    if (state === 'error') return named;
    return Nodes.isTyped(node) ? `${typePrefix(node)}${text} (data pending)` : `${named} (data pending)`;
  },
  notList: (node, dimension) => `node "${node.id}": forEach iterator "${dimension}" must return a list`,
  tooLarge: (node, size, limit) =>
    `node "${node.id}": collection size of ${size} is over the maximum collection size of ${limit}`,
  tooManyDimensions: () => undefined,
  collision: (node, identity) => `node "${node.id}" identity collision: duplicate identity: ${identity}`,
  invalid: (_node, problem) => problem,
  refused: (node, problem) => `node "${node.id}": ${problem}`,
  unknownType: (node, type) => `node "${node.id}": the API server does not serve ${type}`,
  notBool: (node, field, cel, type) => `node "${node.id}": ${field} ${goQuote(cel)} returned ${type}, want bool`,
  targetMissing: (node) => `waiting for the object into which node "${node.id}" writes`,
  externalMissing: (node) => `waiting for external reference "${node.id}": not found`,
  externalUnreadable: (_node, problem) => problem,
  notReady: (node, cel, index) =>
    `waiting for node "${node.id}": readyWhen condition evaluated to false: ${goQuote(cel)}${itemText(index)} (waiting for readiness)`,
  readinessUnknown(node, state, { cel, message }, index) {
    const colon = index === undefined ? ' expression:' : '';
    const text = `node "${node.id}": failed to evaluate readyWhen${colon} ${goQuote(cel)}${itemText(index)}`;
    return state === 'error' ? `${text}: ${message}` : `waiting for node "${node.id}": ${text} (waiting for readiness)`;
  },
  duplicate: (first, second) =>
    `found resources with conflicts: resourceID: ${second} conflicts with resourceID: ${first}`,
  problems: (_node, problems) => ({
    state: 'failed',
    because: problems[0].because,
    message: problems.map(({ message }) => message).join('\n'),
  }),
};

/**
 * The prefix with which kro's messages name the type of a node: `gvr "<group>/<version>, Resource=<plural>": `. Empty
 * for a node without a type, such as a node that only computes a value. kro 0.9 has no such nodes.
 */
function typePrefix(node: GraphNode): string {
  if (!Nodes.isTyped(node)) return '';
  const { group, version, plural } = typeOfNode(node);
  return `gvr "${group}/${version}, Resource=${plural}": `;
}

function itemText(index: number | undefined): string {
  return index === undefined ? '' : ` (item ${index})`;
}
