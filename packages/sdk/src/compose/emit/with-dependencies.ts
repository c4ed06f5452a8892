import { allOf, and, cond, literal, macro, macroVariable, method, or, select, variable } from '../ir/build.ts';
import { setOwn } from '@typekro/kit/core';
import type { Node } from '../ir/node.ts';
import { DYN, listOf, STRING } from '../ir/types.ts';
import type { Dependency, ResourceRecord } from '../trace/records.ts';
import { refuse } from '../refusal/refusal.ts';
import { mergeObjects } from '../factory-helpers.ts';
import { resolveMerged } from '../value/merge.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { Sym } from '../value/symbolic.ts';

const PREFIX = 'typekro.dev/depends-on-';

/**
 * Adds an annotation to the manifest for each `dependsOn`, because kro derives the order from the reads of a node. The
 * annotation reads the name of the other resource only where that resource exists. A node therefore never waits for an
 * excluded resource.
 */
export function withDependencies(
  record: ResourceRecord,
  all: readonly ResourceRecord[],
  existence: (other: ResourceRecord) => Node,
): Record<string, unknown> {
  if (record.dependsOn.length === 0) return record.manifest;
  const tests = new Map<ResourceRecord, Node>();
  for (const dependency of record.dependsOn) {
    const other = dependencyOf(dependency, all);
    if (other === undefined) continue;
    const own = allOf(dependency.guards.filter((guard) => !record.guards.includes(guard)));
    tests.set(other, or(tests.get(other) ?? literal(false), own));
  }
  if (tests.size === 0) return record.manifest;
  const names: Record<string, unknown> = {};
  for (const [other, test] of tests) {
    const name = cond(and(existence(other), test), nameOf(other), literal(''));
    setOwn(names, `${PREFIX}${other.id}`, wrap(new Sym(name, { waits: true })));
  }
  return withAnnotations(record.manifest, names);
}

/**
 * The record of the other resource. Undefined for a resource that is not part of the graph, because the branch that
 * made the resource ended in `throw`. Aspects copy records, but keep their variables.
 */
function dependencyOf({ record, id }: Dependency, all: readonly ResourceRecord[]): ResourceRecord | undefined {
  if (record !== undefined) return all.find(({ variable: own }) => own === record.variable);
  const named = all.find((candidate) => candidate.id === id);
  if (named !== undefined) return named;
  const ids = all.map((each) => each.id).join(', ');
  return refuse('id', `dependsOn("${id}"): there is no resource with this id`, `the ids are ${ids}`);
}

/** Removes each `dependsOn` annotation whose value is empty, because the other resource is not part of the instance. */
export function withoutMissing(manifest: Record<string, unknown>): Record<string, unknown> {
  const { metadata } = manifest as { metadata?: { annotations?: Record<string, unknown> } };
  if (metadata?.annotations === undefined || symbolic(metadata.annotations) !== undefined) return manifest;
  const annotations = { ...metadata.annotations };
  const missing = Object.keys(annotations).filter((key) => key.startsWith(PREFIX) && annotations[key] === '');
  if (missing.length === 0) return manifest;
  for (const key of missing) delete annotations[key];
  if (Reflect.ownKeys(annotations).length > 0) return { ...manifest, metadata: { ...metadata, annotations } };
  const { annotations: _none, ...rest } = metadata;
  return { ...manifest, metadata: rest };
}

function withAnnotations(manifest: Record<string, unknown>, added: Record<string, unknown>): Record<string, unknown> {
  const metadata = ownMembers(manifest['metadata']);
  const own = resolveMerged(metadata['annotations']);
  const annotations =
    symbolic(own) === undefined ? { ...(own as object | undefined), ...added } : mergeObjects(added, own as object);
  return { ...manifest, metadata: { ...metadata, annotations } };
}

/** The members of an object. The object itself may be conditional, or come from the spec. */
function ownMembers(raw: unknown): Record<string, unknown> {
  const value = resolveMerged(raw) as Record<string, unknown> | undefined;
  return symbolic(value) === undefined ? { ...value } : mergeObjects(value);
}

/** The name of a resource, or the joined names of all objects of a collection. */
function nameOf(record: ResourceRecord): Node {
  const own = variable(record.variable, record.type);
  const name = (of: Node) => select(select(of, 'metadata', DYN), 'name', STRING);
  if (record.element === undefined) return name(own);
  const item = macroVariable('x');
  const names = macro('map', own, [item], [name(variable(item, record.type))], listOf(STRING));
  return method('join', names, [literal(',')], STRING);
}
