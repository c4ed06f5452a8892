import { type Expression, type Graph, type GraphNode, Nodes, Path } from '../../graph/index.ts';
import { type PlacedExpression, expressionsOf, SPEC_NODE, statusExpressions } from '../placed-expressions.ts';
import { LAST_APPLIED_ANNOTATION } from '@typekro/kit/kubernetes';
import { expressionsIntoSecrets } from './secret-fields.ts';
import { anyElement, isWithin, NUMBERS, overlaps } from './secret-flow.ts';
import type { LiveNodes } from './secret-nodes.ts';

/** The fields of an instance that contain values of Secrets in plain text. */
export interface SecretSpec {
  /**
   * Is the field written only into fields of Secrets? The path must denote a single value, such as `spec.password`,
   * because a field with members can have both secret and other members.
   */
  readonly hides: (path: string) => boolean;
  /** Can a value at the path be one for such a field: there, beside it in an object or map, or outside of the spec? */
  readonly isMeantFor: (path: string) => boolean;
  /** Can the value of an expression contain the value of such a field? A number or a boolean cannot. */
  readonly isRepeatedBy: (expression: Expression) => boolean;
}

/**
 * Finds the spec fields that are written only into fields of Secrets. A field that is also written into another object
 * or the status is not secret. An expression that only counts the elements of a field, or computes a number from it,
 * does not take the field's value.
 */
export function secretSpec(graph: Graph, live?: LiveNodes): SecretSpec {
  const isInto = expressionsIntoSecrets(graph, live);
  const [secret, open]: [string[], string[]] = [[], []];
  const add = (node: GraphNode | undefined, placed: PlacedExpression): void => {
    // Conditions and forEach lists are left out. A condition shows only its boolean value, and the items of a forEach
    // list are checked in the fields that read them.
    if (placed.purpose !== 'field') return;
    if (isInto(node, placed)) secret.push(...readsOf(node, placed.expression));
    else if (isShown(placed.expression)) open.push(...readsOf(node, placed.expression, 'open'));
  };
  for (const node of graph.nodes.values()) for (const placed of expressionsOf(node)) add(node, placed);
  for (const placed of statusExpressions(graph)) add(undefined, placed);
  const inputs = secret.filter((at) => at !== 'spec' && isWithin('spec', at));
  const isOpen = (path: string): boolean => open.some((at) => isWithin(at, path));
  const hides: SecretSpec['hides'] = (path) => {
    const own = anyElement(path);
    return inputs.some((at) => isWithin(at, own)) && !isOpen(own);
  };
  const isMeantFor: SecretSpec['isMeantFor'] = (path) => {
    const [top = 'spec'] = /^(?:spec\.[^.[]+|(?:apiVersion|kind|metadata|status)\b)/.exec(path) ?? [];
    return inputs.some((at) => isWithin(top, at)) && !isOpen(anyElement(path));
  };
  const isRepeatedBy: SecretSpec['isRepeatedBy'] = (expression) => {
    if (NUMBERS.has(expression.type) || inputs.length === 0) return false;
    const reads = specReads(expression);
    return reads.some((path) => hasCopies(path) || (!isOpen(path) && inputs.some((at) => overlaps(at, path))));
  };
  return { hides, isMeantFor, isRepeatedBy };
}

/** Does the field contain a copy of the whole instance, as `kubectl apply` writes it? */
const hasCopies = (path: string): boolean => overlaps(`metadata.annotations["${LAST_APPLIED_ANNOTATION}"]`, path);

/** The fields of the instance that an expression reads, directly or through the iterators of its node. */
function readsOf(node: GraphNode | undefined, expression: Expression, use?: 'open'): string[] {
  const items = (node === undefined ? [] : Nodes.dimensionsOf(node)).flatMap((dimension) => {
    if (!expression.references.includes(dimension.name)) return [];
    const members = membersAt(expression.cel, dimension.name);
    const chains = members.length === 0 ? [''] : members;
    return specReads(dimension.expression).flatMap((list) => chains.map((chain) => `${list}${chain}`));
  });
  return [...specReads(expression, use), ...items];
}

/**
 * The fields of the instance whose values an expression takes. A field whose size is only counted is omitted. If the
 * expression names members of a list, such as `users[0].name`, the result has these members instead of the list.
 *
 * @param use with `open`, the result has only the members that the expression names, even if the expression matches
 *   `OTHER_ACCESS`; by default, such an expression counts as reading each field as a whole
 */
function specReads({ reads, cel }: Expression, use?: 'open'): string[] {
  const isOther = use !== 'open' && OTHER_ACCESS.test(withoutTexts(cel));
  return reads.flatMap(({ id, steps }) => {
    if (id !== SPEC_NODE) return [];
    const path = Path.format(steps);
    const name = Path.format([SPEC_NODE, ...steps]);
    const at = name.replaceAll(/[\\^$.*+?()[\]{}|"]/g, '\\$&');
    const rest = cel.replaceAll(new RegExp(`(?<![\\w.])(?:(?:size|has)\\(${at}\\)|${at}\\.size\\(\\))`, 'g'), '');
    const members = isOther ? [] : membersAt(rest, at);
    if (members.length > 0) return members.map((chain) => `${path}${chain}`);
    // The expression reads the field in another notation, so the whole field counts.
    return isOther || rest === cel ? [path] : [];
  });
}

/**
 * The members that an expression reads at each occurrence of a name: `.name` for `user.name`, `user[0].name` and
 * `user.map(u, u.name)`; `''` for the whole value.
 *
 * @param name a regular expression that matches the name
 */
function membersAt(cel: string, name: string): string[] {
  const code = name.includes('"') ? cel : withoutTexts(cel);
  const pattern = `(?<![\\w.])${name}(?!\\w)((?:\\[\\d+\\]|\\.\\w+(?!\\w|\\())*)(?:\\.map\\((\\w+),)?`;
  return [...code.matchAll(new RegExp(pattern, 'g'))].flatMap(({ 0: all, 1: chain = '', 2: item, index }) => {
    const members = item === undefined ? [] : membersAt(code.slice(index + all.length), item);
    return (members.length === 0 ? [''] : members).map((member) => anyElement(`${chain}${member}`));
  });
}

const withoutTexts = (cel: string): string => cel.replaceAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, '""');

/**
 * Matches an access to the instance that is not a plain path: a computed key, an optional field, a member after a
 * bracket, or the whole instance, its spec or its metadata.
 */
const OTHER_ACCESS =
  /(?<![\w.])schema(?!\w)(?:(?:\.\w+(?!\w|\()|\[\d+\])*(?:\[(?!\d+\])|\.\?|\)[.[])|(?:\.(?:spec|metadata))?(?![\w.]))/;

/** Matches an expression that consists only of a field access. */
const FIELD = /^\s*\w+(?:\.\w+)*\s*$/;

/**
 * Does the value of an expression reveal the values that it reads? A number reveals them only if the expression
 * consists only of the field.
 */
const isShown = ({ type, cel }: Expression): boolean => !NUMBERS.has(type) || FIELD.test(cel);
