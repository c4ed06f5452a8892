import { objectName, refOf, YAML_OUTPUT, yamlComment, yamlLibrary, yamlOutput } from '@typekro/kit/core';
import type { KubeObject } from '@typekro/kit/core';
import { type Graph, Nodes } from '@typekro/engine/graph';
import { type RenderedInstance, Explanation } from '@typekro/engine/runtime';
import { valueAtSteps } from '@typekro/engine/schema';
import { printableLine, printedYaml, yamlOf } from '@typekro/app/text';

/** An instance, its definition and its objects. */
export interface Rendering {
  readonly graph: Graph;
  readonly instance: KubeObject;
  readonly rendered: RenderedInstance;
}

/**
 * Prints the objects of instances as one YAML stream, in dependency order. Comments describe the state and reason of
 * each node. They also list the values that are not known yet, with the nodes that these values wait for. The status of
 * an instance follows its objects. The status of a Graph is left out.
 */
export function renderedYaml(renderings: readonly Rendering[]): string {
  const blocks = renderings.flatMap((rendering) => blocksOf(rendering, renderings.length > 1));
  return printedYaml(joinBlocks(blocks));
}

/** Comments, and the document that follows them, if any. */
interface Block {
  readonly comments: readonly string[];
  readonly document?: string;
}

function blocksOf({ graph, instance, rendered }: Rendering, several: boolean): Block[] {
  const title = several ? [{ comments: [objectName(refOf(instance))] }] : [];
  const nodes = rendered.nodes.flatMap((node) => nodeBlocks(graph, node));
  // The status of a Graph only lists its objects, which are already printed.
  if (graph.definedBy === 'graph') return [...title, ...nodes];
  return [...title, ...nodes, { comments: statusComments(graph, instance, rendered) }];
}

type RenderedNode = RenderedInstance['nodes'][number];

function nodeBlocks(graph: Graph, node: RenderedNode): Block[] {
  const { report, objects, countKnown, undecided, external, patch } = node;
  const { reason } = Explanation.of(report);
  const source = graph.nodes.get(report.id);
  const kind = source === undefined ? '' : Nodes.kindOf(source);
  const role = external ? 'external, ' : patch === true ? 'fields of another object, ' : '';
  const head = printableLine(`${report.id}${kind === '' ? '' : ` (${kind})`}: ${role}${report.state}, ${reason}`);
  const conditions = undecided.map((cel) => `includeWhen is not known yet: ${printableLine(cel)}`);
  const list = source === undefined ? [] : Nodes.dimensionsOf(source);
  const number = countKnown
    ? []
    : [
        `one for each ${list.map(({ name, expression }) => `${name} in ${printableLine(expression.cel)}`).join(', ')}; the list is not known yet`,
      ];
  const [first, ...rest] = external ? [] : objects;
  const comments = [head, ...conditions, ...number];
  if (first === undefined) return [{ comments }];
  return [
    { comments, document: documentText(first) },
    ...rest.map((each) => ({ comments: [], document: documentText(each) })),
  ];
}

function documentText({ object, unknown }: RenderedNode['objects'][number]): string {
  const { Document, isNode } = yamlLibrary();
  const document = new Document(object, YAML_OUTPUT);
  for (const field of unknown) {
    const found = document.getIn(field.path, true);
    if (isNode(found)) found.comment = ` ${unknownText(field)}`;
  }
  return yamlOutput(document);
}

/**
 * The field of the instance's metadata that an expression reads, and that only a server sets: `metadata.uid`. Undefined
 * for an expression that has no value for another reason. `missing` is the name of the missing field, or the message of
 * the evaluation.
 */
export function serverField(expression: string, missing: string = ''): string | undefined {
  const [, field] = /^(?:no such key: )?(uid|resourceVersion|creationTimestamp|generation)$/.exec(missing) ?? [];
  return field !== undefined && expression.includes(`schema.metadata.${field}`) ? `metadata.${field}` : undefined;
}

function unknownText({ waitsFor, failure, expression }: RenderedNode['objects'][number]['unknown'][number]): string {
  if (waitsFor.length > 0) return `not known yet, waits for ${waitsFor.join(', ')}`;
  const field = serverField(expression, failure);
  if (field !== undefined) return `exists only on a server, which sets ${field} of the instance`;
  return failure === undefined ? 'not known yet' : `has no value: ${printableLine(failure)}`;
}

function statusComments(graph: Graph, instance: KubeObject, { decision }: RenderedInstance): string[] {
  const { conditions: _conditions, ...status } = decision.status;
  const known = yamlOf(status);
  const failed = new Map(decision.statusProblems.map(({ path, message }) => [path, message]));
  const others = graph.status.holes.flatMap(({ path, pathText, expression: { cel, template, references } }) => {
    const failure = failed.get(pathText);
    if (failure !== undefined) return [`${pathText}: has no value, ${printableLine(failure)}`];
    if (valueAtSteps(status, path) !== undefined) return [];
    const nodes = references.filter((id) => graph.nodes.has(id));
    return [`${pathText}: ${printableLine(template ?? `\${${cel}}`)} is not known yet, waits for ${nodes.join(', ')}`];
  });
  return [
    `status of ${objectName(refOf(instance))}:`,
    ...[...known.trimEnd().split('\n'), ...others].map((line) => `  ${line}`),
  ];
}

/** Joins blocks into one stream. Separators are between documents, and comments precede their document. */
function joinBlocks(blocks: readonly Block[]): string {
  let hasDocument = false;
  return blocks
    .map(({ comments, document }) => {
      const lines = comments.map(yamlComment).join('');
      const separator = hasDocument && document !== undefined ? '---\n' : '';
      hasDocument ||= document !== undefined;
      return `${separator}${lines}${document ?? ''}`;
    })
    .join('');
}
