import { type JsonValue, isJsonObject } from '@typekro/kit/core';
import { combineSources, crdSource } from '../../schema/index.ts';
import { isDefinitionDocument } from '../document.ts';
import { type CompileInput, type CompileOptions, type CompileResult, sourceOf } from '../options.ts';
import { Problems } from '../problems.ts';
import { tooDeep } from '../too-deep.ts';
import { assembleGraphObject } from './assemble-graph-object.ts';
import { sharedOf } from './build-node.ts';
import { compileRoot } from './compile-frame.ts';
import { FrameProblems } from './frame-problems.ts';
import { graphCrd } from './graph-crd.ts';
import { readGraph } from './parsed-graph.ts';
import { compile } from '../compile.ts';

/**
 * Compiles an object of the kind Graph. Never throws for user input: the result has all problems that can be found, in
 * the order of kro's steps, so that `diagnostics[0].kroMessage` is kro's message in the condition `Accepted`. With
 * errors, the result has no graph. The rules are those of kro 0.10, the first level that has the kind.
 */
export function compileGraphObject(input: CompileInput, options: CompileOptions): CompileResult {
  const document = isDefinitionDocument(input) ? input : undefined;
  const value = document === undefined ? (input as JsonValue) : document.value;
  const deep = tooDeep(value);
  if (deep !== undefined) return { diagnostics: [deep] };
  const problems = new Problems(document);
  const frame = new FrameProblems(problems);
  const parsed = readGraph(value, problems, frame);
  if (parsed === undefined || !isJsonObject(value)) return { diagnostics: problems.diagnostics() };
  // A Graph can create other Graphs, even if the sources do not have the kind Graph.
  const source = combineSources(sourceOf(options), ownKind());
  const root = compileRoot(
    { shared: sharedOf(source, options.features?.dynamicKeys === true), options, root: parsed.nodes },
    frame,
  );
  if (problems.errors > 0) return { diagnostics: problems.diagnostics() };
  return {
    graph: assembleGraphObject({ parsed, value, document, root, omit: options.features?.omit === true }),
    diagnostics: problems.diagnostics(),
  };
}

let graphKind: ReturnType<typeof crdSource> | undefined;

function ownKind(): ReturnType<typeof crdSource> {
  return (graphKind ??= crdSource([graphCrd()]));
}

/** Compiles a Graph object as a Graph, and any other input as a ResourceGraphDefinition. */
export function compileDocument(input: CompileInput, options: CompileOptions): CompileResult {
  const value = isDefinitionDocument(input) ? input.value : input;
  const isGraph = isJsonObject(value) && Object.hasOwn(value, 'kind') && value['kind'] === 'Graph';
  return isGraph ? compileGraphObject(input, options) : compile(input, options);
}
