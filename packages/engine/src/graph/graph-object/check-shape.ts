import type { PathStep } from '../model.ts';
import { isReservedWord, suggestId } from '../names/naming.ts';
import type { FrameProblems } from './frame-problems.ts';
import { type NodeBlock, PAYLOADS } from './parsed-graph.ts';

const NAME = /^[A-Za-z][A-Za-z0-9]*$/;
const PATTERN = '^[A-Za-z][A-Za-z0-9]*$';

/** Words that definitions reserve and Graphs do not. */
const FREE_IN_GRAPHS: ReadonlySet<string> = new Set(
  `dependency dependencies externalRef externalReference externalRefs externalReferences instance resource
  resourcegraphdefinition resourceGraphDefinition resources root runtime schema serviceAccountName variables vars
  version`.split(/\s+/),
);

/** Is the word forbidden as a node id or iterator name of a Graph? */
export function isReservedInGraphs(word: string): boolean {
  return isReservedWord(word, '0.10') && !FREE_IN_GRAPHS.has(word);
}

/**
 * Checks the ids, payloads and iterators of the nodes in one frame, which belongs to a Graph or to a subgraph. Returns
 * the nodes with a valid id and exactly one payload.
 */
export function checkGraphShape(
  nodes: readonly NodeBlock[],
  path: readonly PathStep[],
  problems: FrameProblems,
): NodeBlock[] {
  if (nodes.length === 0) {
    problems.error('shape', `${prefixOf(problems)}graph must declare at least one node`, {
      code: 'graph/no-nodes',
      message: 'there are no nodes',
      place: { path, key: true },
      hint: 'add a node: - id: a name, and below it template, ref, def, graph or patch',
    });
  }
  const seen = new Set<string>();
  return nodes.filter((node) => {
    const isNamed = checkId(node, seen, problems);
    seen.add(node.name);
    const isWhole = checkPayloads(node, problems);
    checkIterators(node, problems);
    return isNamed && isWhole;
  });
}

/** The prefix of kro's messages about problems in the shape of a frame. */
export function prefixOf(problems: FrameProblems): string {
  return problems.isRoot ? 'invalid graph: ' : 'invalid subgraph: ';
}

function checkId(node: NodeBlock, seen: ReadonlySet<string>, problems: FrameProblems): boolean {
  const { name, index } = node;
  const refuse = (code: string, kro: string, message: string, hint: string): false => {
    const place = name === '' ? { path: node.path } : { path: [...node.path, 'id'] };
    problems.error('shape', prefixOf(problems) + kro, { code, message, place, hint });
    return false;
  };
  if (name === '') {
    const hint = 'add id: a name of letters and digits, by which expressions read this node';
    return refuse('graph/invalid-id', `node[${index}]: id is required`, 'the node has no id', hint);
  }
  if (!NAME.test(name)) {
    const kro = `node[${index}]: id "${name}" must match ${PATTERN}`;
    const message = `the id "${name}" must begin with a letter and contain only ASCII letters and digits`;
    return refuse('graph/invalid-id', kro, message, `for example "${suggestId(name) ?? 'config'}"`);
  }
  if (isReservedInGraphs(name)) {
    const kro = `node[${index}]: id "${name}" is reserved`;
    return refuse('graph/reserved-name', kro, `the id "${name}" is a reserved word`, 'choose another id');
  }
  if (!seen.has(name)) return true;
  const message = `another node of the same list has the id "${name}" too`;
  return refuse('graph/duplicate-id', `duplicate node id "${name}"`, message, 'give each node its own id');
}

function checkPayloads({ name, path, payloads, forEach, includeWhen, readyWhen }: NodeBlock, problems: FrameProblems) {
  const given = PAYLOADS.filter((each) => payloads[each] !== undefined);
  const refuse = (kro: string, message: string, hint: string, field?: string): void => {
    const place = field === undefined ? { path, key: true } : { path: [...path, field], key: true };
    const text = `${prefixOf(problems)}node "${name}": ${kro}`;
    problems.error('shape', text, { code: 'graph/node-payload', message, place, hint });
  };
  if (given.length !== 1) {
    refuse(
      `exactly one of template/ref/def/graph/patch must be set (got ${given.length})`,
      given.length === 0
        ? 'a node needs one of template, ref, def, graph, patch'
        : `a node has one of template, ref, def, graph, patch; this one has ${given.join(' and ')}`,
      given.length === 0 ? 'add a template for an object that the Graph makes' : 'make a separate node for each',
    );
    return false;
  }
  const [payload] = given;
  const unsupported = (field: string, hint: string): void =>
    refuse(`${field} is not supported on ${payload} nodes`, `a ${payload} node cannot have ${field}`, hint, field);
  if (payload === 'graph') {
    if (forEach.length > 0) unsupported('forEach', 'put forEach on the nodes of the subgraph');
    if (includeWhen.length > 0) unsupported('includeWhen', 'put includeWhen on the nodes of the subgraph');
    if (readyWhen.length > 0) unsupported('readyWhen', 'put readyWhen on the nodes of the subgraph');
  }
  if (payload === 'ref' && forEach.length > 0) {
    unsupported('forEach', 'select several objects by metadata.selector, or write one ref for each object');
  }
  return true;
}

function checkIterators({ name: id, forEach }: NodeBlock, problems: FrameProblems): void {
  const seen = new Set<string>();
  for (const [index, { path, entries }] of forEach.entries()) {
    const refuse = (code: string, kro: string, message: string, hint?: string, at = path): void => {
      const text = `${prefixOf(problems)}node "${id}": forEach[${index}]: ${kro}`;
      problems.error('shape', text, { code, message, place: { path: at }, hint });
    };
    if (entries.length !== 1) {
      const kro = `must have exactly one entry, got ${entries.length}`;
      const message = `an entry of forEach has one name with its list; this one has ${entries.length} names`;
      refuse('graph/iterator-shape', kro, message, 'write - NAME: ${LIST} for each dimension');
    }
    for (const { name, path: at } of entries) {
      const quoted = `iterator name "${name}"`;
      if (name === '') {
        refuse('graph/invalid-iterator-name', 'iterator name is empty', 'the dimension has no name', undefined, at);
      } else if (!NAME.test(name)) {
        const message = `the iterator name "${name}" must begin with a letter and contain only ASCII letters and digits`;
        refuse('graph/invalid-iterator-name', `${quoted} must match ${PATTERN}`, message, undefined, at);
      } else if (name === id) {
        const message = `the iterator name "${name}" is also the id of the node`;
        refuse('graph/iterator-conflict', `${quoted} collides with node id`, message, 'choose another name', at);
      } else if (name === 'each') {
        const kro = `${quoted} is reserved for collection readyWhen expressions`;
        const message = '"each" is the name of the item in readyWhen, so a dimension cannot have this name';
        refuse('graph/reserved-name', kro, message, 'choose another name', at);
      } else if (isReservedInGraphs(name)) {
        const message = `the iterator name "${name}" is a reserved word`;
        refuse('graph/reserved-name', `${quoted} is reserved`, message, 'choose another name', at);
      } else if (seen.has(name)) {
        const message = `two dimensions of this forEach are named "${name}"`;
        refuse('graph/iterator-conflict', `duplicate ${quoted}`, message, 'choose another name', at);
      }
      seen.add(name);
    }
  }
}
