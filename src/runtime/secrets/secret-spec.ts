import type { Expression, Graph, GraphNode } from '../../graph/index.ts';
import { dimensionsOf, formatPath } from '../../graph/index.ts';
import type { PlacedExpression } from '../placed-expressions.ts';
import { expressionsOf, SPEC_NODE, statusExpressions } from '../placed-expressions.ts';
import { LAST_APPLIED_ANNOTATION } from '../../kubernetes/index.ts';
import { expressionsIntoSecrets } from './secret-fields.ts';
import { anyElement, isWithin, NUMBERS, overlaps } from './secret-flow.ts';
import type { LiveNodes } from './secret-nodes.ts';

/** The fields of an instance that are values of Secrets in plain text. */
export interface SecretSpec {
  /**
   * Does the field only go into fields of Secrets? The path must lead to a single value, such as `spec.password`,
   * because a field with members can have both secret and other members.
   */
  readonly hides: (path: string) => boolean;
  /** Can the value of an expression repeat such a field? A number or a truth value repeats none. */
  readonly isRepeatedBy: (expression: Expression) => boolean;
}

/**
 * Finds the fields of the spec of instances that only go into fields of Secrets. A field whose value another object or
 * the status takes, too, is not secret. An expression that only counts a field, or computes a number from it, does not
 * take its value.
 */
export function secretSpec(graph: Graph, live?: LiveNodes): SecretSpec {
  const isInto = expressionsIntoSecrets(graph, live);
  const [secret, open]: [string[], string[]] = [[], []];
  const add = (node: GraphNode | undefined, placed: PlacedExpression): void => {
    // A condition only shows whether it holds, and a list is read item by item.
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
  const isRepeatedBy: SecretSpec['isRepeatedBy'] = (expression) => {
    if (NUMBERS.has(expression.type) || inputs.length === 0) return false;
    const reads = specReads(expression);
    return reads.some((path) => hasCopies(path) || (!isOpen(path) && inputs.some((at) => overlaps(at, path))));
  };
  return { hides, isRepeatedBy };
}

/** Does the field contain a copy of the whole instance, as `kubectl apply` writes it? */
const hasCopies = (path: string): boolean => overlaps(`metadata.annotations["${LAST_APPLIED_ANNOTATION}"]`, path);

/** The fields of the instance that an expression reads, directly or through the iterators of its node. */
function readsOf(node: GraphNode | undefined, expression: Expression, use?: 'open'): string[] {
  const items = (node === undefined ? [] : dimensionsOf(node)).flatMap((dimension) => {
    if (!expression.references.includes(dimension.name)) return [];
    const members = membersAt(expression.cel, dimension.name);
    const chains = members.length === 0 ? [''] : members;
    return specReads(dimension.expression).flatMap((list) => chains.map((chain) => `${list}${chain}`));
  });
  return [...specReads(expression, use), ...items];
}

/**
 * The fields of the instance whose values an expression takes. A field that is only counted is left out. If the text
 * names members of a list, such as `users[0].name`, the result has these members in place of the list.
 *
 * @param use with `open`, a text with a form of `OTHER_ACCESS` counts only the members that it names; otherwise such a
 *   text counts each field as a whole
 */
function specReads({ reads, cel }: Expression, use?: 'open'): string[] {
  const isOther = use !== 'open' && OTHER_ACCESS.test(withoutTexts(cel));
  return reads.flatMap(({ id, steps }) => {
    if (id !== SPEC_NODE) return [];
    const path = formatPath(steps);
    const name = formatPath([SPEC_NODE, ...steps]);
    const at = name.replaceAll(/[\\^$.*+?()[\]{}|"]/g, '\\$&');
    const rest = cel.replaceAll(new RegExp(`(?<![\\w.])(?:(?:size|has)\\(${at}\\)|${at}\\.size\\(\\))`, 'g'), '');
    const members = isOther ? [] : membersAt(rest, at);
    if (members.length > 0) return members.map((chain) => `${path}${chain}`);
    // The text reads the field in another form, so the whole field counts.
    return isOther || rest === cel ? [path] : [];
  });
}

/**
 * The members that a text takes of each occurrence of a name: `.name` for `user.name`, `user[0].name` and
 * `user.map(u, u.name)`; `''` for the whole value.
 *
 * @param name a pattern
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
 * Matches an access to the instance other than by a plain path: by a key, by an optional field, after a bracket, or by
 * the whole instance, its spec or its metadata.
 */
const OTHER_ACCESS =
  /(?<![\w.])schema(?!\w)(?:(?:\.\w+(?!\w|\()|\[\d+\])*(?:\[(?!\d+\])|\.\?|\)[.[])|(?:\.(?:spec|metadata))?(?![\w.]))/;

/** The text of an expression that is nothing but a field. */
const FIELD = /^\s*\w+(?:\.\w+)*\s*$/;

/**
 * Does the value of an expression show what it reads? A number does only when the expression is nothing but the field.
 */
const isShown = ({ type, cel }: Expression): boolean => !NUMBERS.has(type) || FIELD.test(cel);
