import { allOf, and, cond, literal, macro, macroVariable, method, or, select, variable } from '../ir/build.ts';
import { setOwn } from '../../core/index.ts';
import type { Node } from '../ir/node.ts';
import { DYN, listOf, STRING } from '../ir/types.ts';
import type { ResourceRecord } from '../trace/records.ts';
import { refuse } from '../refusal/refusal.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { Sym } from '../value/symbolic.ts';

const PREFIX = 'typekro.dev/depends-on-';

/**
 * Adds an annotation to the manifest for each `dependsOn`, because kro derives the order from the reads of a node. The
 * annotation reads the name of the other resource only under the condition that the resource exists, so that a node
 * never waits for an excluded resource.
 */
export function withDependencies(
  record: ResourceRecord,
  all: readonly ResourceRecord[],
  existence: (other: ResourceRecord) => Node,
): Record<string, unknown> {
  if (record.dependsOn.length === 0) return record.manifest;
  const tests = new Map<string, Node>();
  for (const { id, guards } of record.dependsOn) {
    const own = allOf(guards.filter((guard) => !record.guards.includes(guard)));
    tests.set(id, or(tests.get(id) ?? literal(false), own));
  }
  const names: Record<string, unknown> = {};
  for (const [id, test] of tests) {
    const other = all.find((candidate) => candidate.id === id);
    if (other === undefined) {
      const ids = all.map((each) => each.id).join(', ');
      refuse('id', `dependsOn("${id}"): there is no resource with this id`, `the ids are ${ids}`);
    }
    const name = cond(and(existence(other), test), nameOf(other), literal(''));
    setOwn(names, `${PREFIX}${id}`, wrap(new Sym(name, { waits: true })));
  }
  return withAnnotations(record.manifest, names);
}

/** Removes the `dependsOn` annotations of resources that are not part of the instance. */
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
  const metadata = { ...(manifest['metadata'] as Record<string, unknown> | undefined) };
  const annotations = { ...(metadata['annotations'] as Record<string, unknown> | undefined), ...added };
  return { ...manifest, metadata: { ...metadata, annotations } };
}

/** The name of a resource, or of all objects of a collection. */
function nameOf(record: ResourceRecord): Node {
  const own = variable(record.variable, record.type);
  const name = (of: Node) => select(select(of, 'metadata', DYN), 'name', STRING);
  if (record.element === undefined) return name(own);
  const item = macroVariable('x');
  const names = macro('map', own, [item], [name(variable(item, record.type))], listOf(STRING));
  return method('join', names, [literal(',')], STRING);
}
