import { type KubeObject, definedMembers, formatRef, isJsonObject, refOf } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import { assumedSettings, compileOptionsOf } from '@typekro/controller/controller';
import type { DefinitionPlan, ValueLine } from '@typekro/controller/inspect';
import { compile, type Graph } from '@typekro/engine/graph';
import { builtinSource, combineSources, crdSource } from '@typekro/engine/schema';
import { changedFields } from '@typekro/sdk/deploy';
import { definitionPlan } from '../plan/definition-plan.ts';
import { valueLine } from '../plan/value-lines.ts';
import { type DeclaredNeed, kindWithVersions, type RequiredKind } from './package-info.ts';
import { needText } from './package-needs.ts';
import { addedRights } from './package-rights.ts';
import type { PackageContent } from './read-package.ts';

/** The differences between two packages. */
export interface PackageDifference {
  /** The definitions that differ, compared by the rules of a plan. */
  readonly definitions: readonly ComparedDefinition[];
  readonly graphs: readonly ComparedGraph[];
  /** What the roles allow, one resource in a line. */
  readonly rights: Added<string>;
  readonly requires: Added<RequiredKind>;
  readonly needs: Added<DeclaredNeed>;
  /** Can a change break instances of the first package? */
  readonly breaking: boolean;
}

/** A definition that one of the packages lacks, or that differs. */
export type ComparedDefinition = Pick<
  DefinitionPlan,
  'name' | 'kind' | 'action' | 'schema' | 'nodes' | 'other' | 'notes' | 'refusal'
>;

/** A Graph that one of the packages lacks, or that differs. */
export interface ComparedGraph {
  readonly name: string;
  readonly action: 'create' | 'change' | 'delete';
  readonly fields: readonly ValueLine[];
}

/** What the second package has and the first one lacks, and the other way round. */
export interface Added<T> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
}

/**
 * Compares two packages as a plan compares a definition with that of a cluster. A kind that neither package has is not
 * known here, and fields that are computed from its objects count as equal.
 */
export function comparePackages(before: PackageContent, after: PackageContent): PackageDifference {
  const definitions = pairs(before.definitions, after.definitions).flatMap(([old, next]) =>
    compared(before, after, old, next),
  );
  const graphs = pairs(before.graphs, after.graphs).flatMap(([old, next]): ComparedGraph[] => {
    const fields = old === undefined || next === undefined ? [] : changedFields(old.spec, next.spec, 'spec');
    if (old !== undefined && next !== undefined && fields.length === 0) return [];
    const action = old === undefined ? 'create' : next === undefined ? 'delete' : 'change';
    return [{ name: keyOf(next ?? old), action, fields: fields.map((change) => valueLine(change, () => false)) }];
  });
  return {
    definitions,
    graphs,
    rights: { added: addedRights(before.rights, after.rights), removed: addedRights(after.rights, before.rights) },
    requires: difference(before.info.requires, after.info.requires, kindWithVersions),
    needs: difference(before.info.needs, after.info.needs, needText),
    breaking: definitions.some(
      ({ action, schema, refusal }) =>
        action === 'delete' || refusal !== undefined || schema.some((line) => line.breaking),
    ),
  };
}

const keyOf = (object: KubeObject | undefined): string => (object === undefined ? '' : formatRef(refOf(object)));

/** The objects of both lists by their names, sorted. */
function pairs(
  before: readonly KubeObject[],
  after: readonly KubeObject[],
): [KubeObject | undefined, KubeObject | undefined][] {
  const [old, next] = [before, after].map((objects) => new Map(objects.map((each) => [keyOf(each), each])));
  const keys = [...new Set([...(old?.keys() ?? []), ...(next?.keys() ?? [])])].toSorted(compareText);
  return keys.map((key) => [old?.get(key), next?.get(key)]);
}

function compared(
  before: PackageContent,
  after: PackageContent,
  old: KubeObject | undefined,
  next: KubeObject | undefined,
): ComparedDefinition[] {
  const nothing = { schema: [], nodes: [], other: [], notes: [] };
  if (next === undefined)
    return [{ name: old?.metadata.name ?? '', kind: kindOf(before, old), action: 'delete', ...nothing }];
  const name = next.metadata.name ?? '';
  const kind = kindOf(after, next);
  if (old === undefined) return [{ name, kind, action: 'create', ...nothing }];
  const [former, graph] = [compiled(before, old), compiled(after, next)];
  if (typeof former === 'string' || typeof graph === 'string') {
    const refusal =
      typeof graph === 'string' ? `it does not compile: ${graph}` : `the first one does not compile: ${String(former)}`;
    return [{ name, kind, action: 'change', ...nothing, refusal }];
  }
  const plan = definitionPlan({
    place: '',
    graph,
    live: old,
    object: next,
    crd: former.instance.crd,
    instances: [],
    facets: SETTINGS.facets,
    preview: {
      revision: { from: 1, to: former.hash === graph.hash ? 1 : 2 },
      ...definedMembers({ before: isJsonObject(old.spec) ? old.spec : undefined }),
    },
  });
  const { action, schema, nodes, other, notes } = plan;
  return action === 'none' ? [] : [{ name, kind, action, schema, nodes, other, notes }];
}

const kindOf = ({ info }: PackageContent, object: KubeObject | undefined): string =>
  info.provides.find(({ definition }) => definition === object?.metadata.name)?.kind ?? '';

/** A kind that the package uses and does not have counts as one that the cluster will get later. */
const SETTINGS = assumedSettings('the defaults', undefined, { deferredSchemas: true });

function compiled({ crds }: PackageContent, definition: KubeObject): Graph | string {
  const sources = combineSources(builtinSource(), crdSource(crds));
  const { graph, diagnostics } = compile(definition, { ...compileOptionsOf(SETTINGS), sources });
  return graph ?? diagnostics.find(({ severity }) => severity === 'error')?.message ?? 'for an unknown reason';
}

function difference<T>(before: readonly T[], after: readonly T[], textOf: (each: T) => string): Added<T> {
  const [old, next] = [new Set(before.map(textOf)), new Set(after.map(textOf))];
  return {
    added: after.filter((each) => !old.has(textOf(each))),
    removed: before.filter((each) => !next.has(textOf(each))),
  };
}
