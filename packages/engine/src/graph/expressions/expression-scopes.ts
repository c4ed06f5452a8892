import { type JsonValue, isJsonObject } from '@typekro/kit/core';
import { combineSources, crdSource } from '../../schema/index.ts';
import { buildResources } from '../build-resource.ts';
import { isDefinitionDocument } from '../document.ts';
import { type ExpressionScopes, type ScopeNode, longestPrefix, makeScope, scopeNode } from './expression-scope.ts';
import { sharedOf } from '../graph-object/build-node.ts';
import { compileRoot } from '../graph-object/compile-frame.ts';
import { FrameProblems } from '../graph-object/frame-problems.ts';
import type { FrameContext } from '../graph-object/link-node.ts';
import { type NodeDraft, languageNodeOf, publishesList } from '../graph-object/node-draft.ts';
import { readGraph } from '../graph-object/parsed-graph.ts';
import { graphCrd } from '../graph-object/graph-crd.ts';
import { installedKinds } from '../kinds/graph-kinds.ts';
import { buildSpecSchema, hubBlock } from '../kinds/instance-schema.ts';
import { KroLevel } from '../kro-compatibility.ts';
import { Language, languageNode } from './language.ts';
import type { PathStep } from '../model.ts';
import { type CompileInput, type CompileOptions, sourceOf } from '../options.ts';
import { readDefinition } from '../parsed-definition.ts';
import { Problems } from '../problems.ts';
import { type ResourceDraft, readsAsList, readsEach } from '../resource-draft.ts';
import { conversionPlaceAt } from '../versions/version-scopes.ts';
import { tooDeep } from '../too-deep.ts';

/**
 * The names and types that are available to the expressions of a definition or a Graph. Editors use them to complete
 * and explain expressions, so the object may have errors. Returns undefined for any other object, and for a definition
 * without `spec.schema`.
 */
export function expressionScopes(input: CompileInput, options: CompileOptions): ExpressionScopes | undefined {
  const value: JsonValue = isDefinitionDocument(input) ? input.value : input;
  if (!isJsonObject(value) || tooDeep(value) !== undefined) return undefined;
  if (value['kind'] === 'ResourceGraphDefinition') return definitionScopes(value, options);
  return value['kind'] === 'Graph' ? graphScopes(value, options) : undefined;
}

function definitionScopes(value: JsonValue, options: CompileOptions): ExpressionScopes | undefined {
  const problems = new Problems();
  const definition = readDefinition(value, problems);
  if (definition === undefined) return undefined;
  const features = options.features ?? {};
  const level = options.kroCompatibility ?? KroLevel.DEFAULT;
  const { schema: spec } = buildSpecSchema(hubBlock(definition), definition.name, features, problems);
  const kinds = { source: sourceOf(options), installed: installedKinds(definition), allowInstalled: true };
  const drafts = withoutDuplicates(buildResources(definition, kinds, { level, features }, problems));
  const language = new Language({ instance: { definition, spec }, nodes: drafts.map(languageNode) }, options);
  const nodes = new Map(
    drafts.map((draft) => [
      draft.id,
      {
        draft,
        node: scopeNode(languageNode(draft), draft.id, draft.nodeType, draft.resolved?.type),
        isList: readsAsList(draft),
      },
    ]),
  );
  const around = longestPrefix([...nodes.values()].map((each) => [each.node.path, each]));
  const conversionAt = (path: readonly PathStep[]) =>
    conversionPlaceAt({ definition, hubSpec: spec, source: kinds.source, features }, path);
  return {
    conversionAt,
    nodes: [...nodes.values()].map(({ node }) => node),
    nodeNamed: (name) => nodes.get(name)?.node,
    at(path) {
      const shared = { language, nodes, hasInstance: true };
      const [spec, schema, block, field] = path;
      if (spec === 'spec' && schema === 'schema' && block === 'versions') return conversionAt(path)?.scope;
      if (spec === 'spec' && schema === 'schema' && block === 'status')
        return makeScope({ ...shared, isConditions: field === 'conditions' });
      const found = around(path);
      const member = found === undefined ? undefined : path[found.node.path.length];
      if (found === undefined || typeof member !== 'string' || member === 'id') return undefined;
      const { draft, node } = found;
      const dimensions = draft.dimensions.map(({ name, text }) => ({ name, cel: text.cel }));
      const subject = { node, id: draft.id, readsEach: readsEach(draft), dimensions };
      return makeScope({ ...shared, within: { subject, member } });
    },
  };
}

/** The first resource of each id. Another resource with the same id is an error, and no expression can read it. */
function withoutDuplicates(drafts: readonly ResourceDraft[]): ResourceDraft[] {
  const seen = new Set<string>();
  return drafts.filter(({ id }) => !seen.has(id) && seen.add(id) !== undefined);
}

interface FrameScope {
  readonly context: FrameContext;
  readonly nodes: ReadonlyMap<string, { readonly node: ScopeNode; readonly isList: boolean }>;
  readonly drafts: ReadonlyMap<ScopeNode, NodeDraft>;
}

function graphScopes(value: JsonValue, options: CompileOptions): ExpressionScopes | undefined {
  const problems = new Problems();
  const frame = new FrameProblems(problems);
  const parsed = readGraph(value, problems, frame);
  if (parsed === undefined) return undefined;
  const source = combineSources(sourceOf(options), crdSource([graphCrd()]));
  const found: { readonly context: FrameContext; readonly drafts: readonly NodeDraft[] }[] = [];
  const shared = sharedOf(source, options.features?.dynamicKeys === true);
  compileRoot(
    { shared, options, root: parsed.nodes, onFrame: (context, drafts) => found.push({ context, drafts }) },
    frame,
  );
  const byId = new Map(found.flatMap(({ drafts }) => drafts).map((draft) => [draft.id, draftNode(draft)]));
  const frames = found.map((each) => frameScope(each.context, each.drafts, byId));
  const around = longestPrefix(
    frames.flatMap((frame) => [...frame.drafts].map(([node, draft]) => [node.path, { frame, node, draft }] as const)),
  );
  const inOrder = [...byId.values()].toSorted((a, b) => comparePaths(a.path, b.path));
  return {
    nodes: inOrder,
    conversionAt: () => undefined,
    nodeNamed: (name, path) => around(path)?.frame.nodes.get(name)?.node,
    at(path) {
      const place = around(path);
      const member = place === undefined ? undefined : path[place.node.path.length];
      if (place === undefined || typeof member !== 'string' || member === 'id' || member === 'graph') return undefined;
      const { node, draft } = place;
      const dimensions = draft.dimensions.map(({ name, text }) => ({ name, cel: text.cel }));
      const subject = { node, id: draft.id, readsEach: publishesList(draft), dimensions };
      const { context, nodes } = place.frame;
      return makeScope({ language: context.language, nodes, hasInstance: false, within: { subject, member } });
    },
  };
}

function draftNode(draft: NodeDraft): ScopeNode {
  const node = languageNodeOf(draft) ?? { schema: undefined, path: draft.block.path };
  return {
    name: draft.block.name,
    path: node.path,
    nodeType: draft.nodeType,
    ...(draft.resolved === undefined ? {} : { type: draft.resolved.type }),
    ...(node.schema === undefined ? {} : { schema: node.schema }),
  };
}

function frameScope(
  context: FrameContext,
  drafts: readonly NodeDraft[],
  byId: ReadonlyMap<string, ScopeNode>,
): FrameScope {
  const nodes = new Map<string, { readonly node: ScopeNode; readonly isList: boolean }>();
  const draftOf = new Map(drafts.map((draft) => [draft.id, draft]));
  for (const [name, { id }] of context.names) {
    const node = byId.get(id);
    const draft = draftOf.get(id);
    if (node !== undefined) nodes.set(name, { node, isList: draft !== undefined && publishesList(draft) });
  }
  const own = drafts.flatMap((draft): [ScopeNode, NodeDraft][] => {
    const node = byId.get(draft.id);
    return node === undefined ? [] : [[node, draft]];
  });
  return { context, nodes, drafts: new Map(own) };
}

function comparePaths(one: readonly PathStep[], other: readonly PathStep[]): number {
  for (const [index, step] of one.entries()) {
    const against = other[index];
    if (against === undefined) return 1;
    if (typeof step === 'number' && typeof against === 'number' && step !== against) return step - against;
  }
  return one.length - other.length;
}
