import { objectName, refOf, yamlLibrary } from '../../core/index.ts';
import type { KubeObject } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import type { RenderedInstance, RenderedNode, RenderedObject, UnknownField } from '../../runtime/index.ts';
import { explainNode } from '../../runtime/index.ts';
import { valueAtSteps } from '../../schema/index.ts';
import { printableLine } from '../printable.ts';

/** An instance, its definition and its objects. */
export interface Rendering {
  readonly graph: Graph;
  readonly instance: KubeObject;
  readonly rendered: RenderedInstance;
}

/**
 * Instances as one YAML stream of their objects in the order of creation. Comments say what each node does, why it is
 * left out, which values are not known yet and what they wait for, and the status at the end.
 */
export function renderedYaml(renderings: readonly Rendering[]): string {
  const blocks = renderings.flatMap((rendering) => blocksOf(rendering, renderings.length > 1));
  return joinBlocks(blocks).trimEnd();
}

/** Comments, and the document below them where there is one. */
interface Block {
  readonly comments: readonly string[];
  readonly document?: string;
}

function blocksOf({ graph, instance, rendered }: Rendering, several: boolean): Block[] {
  const title = several ? [{ comments: [objectName(refOf(instance))] }] : [];
  const nodes = rendered.nodes.flatMap((node) => nodeBlocks(graph, node));
  return [...title, ...nodes, { comments: statusComments(graph, instance, rendered) }];
}

function nodeBlocks(graph: Graph, node: RenderedNode): Block[] {
  const { report, objects, countKnown, undecided, external } = node;
  const { reason } = explainNode(report);
  const type = graph.nodes.get(report.id);
  const head = printableLine(
    `${report.id} (${type?.type.kind ?? ''}): ${external ? 'external, ' : ''}${report.state}, ${reason}`,
  );
  const conditions = undecided.map((cel) => `only if it holds, which is not known yet: ${cel}`);
  const list = type?.nodeType === 'collection' ? type.forEach : [];
  const number = countKnown
    ? []
    : [
        `one for each ${list.map(({ name, expression }) => `${name} in ${expression.cel}`).join(', ')}; the list is not known yet`,
      ];
  const [first, ...rest] = external ? [] : objects;
  const comments = [head, ...conditions, ...number];
  if (first === undefined) return [{ comments }];
  return [
    { comments, document: documentText(first) },
    ...rest.map((each) => ({ comments: [], document: documentText(each) })),
  ];
}

function documentText({ object, unknown }: RenderedObject): string {
  const { Document, isNode } = yamlLibrary();
  const document = new Document(object, { aliasDuplicateObjects: false });
  for (const field of unknown) {
    const found = document.getIn(field.path, true);
    if (isNode(found)) found.comment = ` ${unknownText(field)}`;
  }
  return document.toString({ lineWidth: 0 });
}

function unknownText({ waitsFor, failure }: UnknownField): string {
  if (waitsFor.length > 0) return `not known yet, waits for ${waitsFor.join(', ')}`;
  return failure === undefined ? 'not known yet' : `has no value: ${printableLine(failure)}`;
}

function statusComments(graph: Graph, instance: KubeObject, { decision }: RenderedInstance): string[] {
  const { conditions: _conditions, ...status } = decision.status;
  const known = yamlLibrary().stringify(status, { lineWidth: 0, aliasDuplicateObjects: false });
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

/** Blocks as one stream: a separator stands between documents, and comments before the document that they are about. */
function joinBlocks(blocks: readonly Block[]): string {
  let hasDocument = false;
  return blocks
    .map(({ comments, document }) => {
      const lines = comments.map((line) => `# ${line}\n`).join('');
      const separator = hasDocument && document !== undefined ? '---\n' : '';
      hasDocument ||= document !== undefined;
      return `${separator}${lines}${document ?? ''}`;
    })
    .join('');
}
