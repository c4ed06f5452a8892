import { join } from 'node:path';
import { type JsonObject, type JsonValue, hasErrors, isJsonObject } from '@typekro/kit/core';
import { compile, revisionHash } from '@typekro/engine/graph';
import { describeGraph, firstDifference, isGoText, sameErrorText } from './graph-compare.ts';
import { type GraphCase, readGraphCases, readLines } from './graph-corpus.ts';

/** The result of one recorded case. `problem` is absent when the case passes. */
export interface GraphOutcome {
  readonly name: string;
  readonly group: string;
  readonly problem?: string;
}

/** Runs the definitions (`rgd.jsonl`, `realistic/`) and hashes (`hash.jsonl`) of a corpus directory. */
export function runGraphCorpus(dir: string): GraphOutcome[] {
  const definitions = readGraphCases(dir).map((each) => outcome(each.name, each.group, runGraphCase(each)));
  const hashes = readLines(join(dir, 'hash.jsonl')).map((row) =>
    outcome(`hash/${row['name'] as string}`, 'hash', runHashCase(row)),
  );
  return [...definitions, ...hashes];
}

function outcome(name: string, group: string, problem: string | undefined): GraphOutcome {
  return { name, group, ...(problem === undefined ? {} : { problem }) };
}

function runHashCase({ a, b, expect }: JsonObject): string | undefined {
  const equal = revisionHash(a) === revisionHash(b);
  const wanted = isJsonObject(expect) && expect['equal'] === true;
  return equal === wanted ? undefined : `want ${wanted ? 'equal' : 'different'} hashes`;
}

/** Compiles one definition and returns the first difference from kro's result, or undefined if there is none. */
export function runGraphCase(each: GraphCase): string | undefined {
  const { graph, diagnostics } = compile(each.definition, {
    sources: each.sources,
    features: { omit: each.omit },
    target: 'stock',
    // The recordings are of kro 0.9.
    kroCompatibility: '0.9',
    ...(each.maxForEachDimensions === undefined ? {} : { maxForEachDimensions: each.maxForEachDimensions }),
  });
  const [first] = diagnostics;
  const { expect } = each;
  const refused = expect['accept'] !== true || expect['crdUnserializable'] !== undefined;
  if (refused) {
    if (graph !== undefined) return `want refusal: ${texts(expect['anyOf'])[0] ?? 'any error'}`;
    if (first === undefined || !hasErrors(diagnostics)) return 'no graph and no error';
    return compareRefusal(expect, first.kroMessage, first.message);
  }
  if (graph === undefined) return `want acceptance, got ${first?.kroMessage ?? first?.message}`;
  const got = describeGraph(graph);
  const variants = Array.isArray(expect['variants']) ? expect['variants'] : [expect];
  const differences = variants.map((variant) => firstDifference(comparable(variant), got));
  return differences.includes(undefined) ? undefined : differences[0];
}

function compareRefusal(expect: JsonObject, got: string | undefined, message: string): string | undefined {
  const wanted = texts(expect['anyOf']);
  if (wanted.length === 0 || expect['crashes'] === true || expect['crdUnserializable'] !== undefined) return undefined;
  if (got === undefined) return `want ${wanted[0]}\n got an error of ours only: ${message}`;
  if (wanted.some((each) => sameErrorText(each, got) || (isGoText(each) && isGoText(got)))) return undefined;
  return `want ${wanted[0]}\n got ${got}`;
}

function texts(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** The recorded result without the parts that are not compared. */
function comparable(variant: JsonValue): JsonValue {
  if (!isJsonObject(variant)) return variant;
  const { admission: _admission, crdProblems: _problems, phases: _phases, ...rest } = variant;
  return rest;
}
