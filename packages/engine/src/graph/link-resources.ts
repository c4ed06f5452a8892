import { type Analysed, analyse, NO_NAMES, offsetOfName, rootsOf } from './analysis.ts';
import { goQuote } from '@typekro/kit/golang';
import { findCycle } from './dag.ts';
import { deferredSite } from './expressions/deferral.ts';
import type { DimensionSite, ResourceDraft, FieldSite, ExpressionSite } from './resource-draft.ts';
import { type Problems, mapDefined } from './problems.ts';
import type { Language } from './expressions/language.ts';
import { necessaryNames } from './names/necessary-names.ts';
import { gateReads, linkPropagateWhen } from './propagate-when.ts';
import type { ReadPart } from './model.ts';
import { partOf } from './expressions/read-paths.ts';

/** The parsed expressions of a resource or a node, and what they read. Expressions with errors are left out. */
export interface LinkedParts {
  readonly fields: readonly Analysed<FieldSite>[];
  readonly dimensions: readonly Analysed<DimensionSite>[];
  readonly includeWhen: readonly Analysed[];
  /** The ids of other nodes (of a Graph: in the same frame) on which this node depends, in the order of the expressions. */
  readonly dependsOn: readonly string[];
  /**
   * The ids of `dependsOn` that only branches of conditional operators read. Empty without the feature
   * `partialDependencies`.
   */
  readonly dependsOnInBranches: readonly string[];
  /** The ids of other nodes that only deferred fields read. */
  readonly readsDeferred: readonly string[];
}

/** A resource draft with its parsed expressions. Expressions with errors are left out. */
export interface Linked extends LinkedParts {
  readonly draft: ResourceDraft;
  readonly propagateWhen: readonly Analysed[];
  /** The sorted ids of other nodes that conditions of `propagateWhen` read. */
  readonly propagatesAfter: readonly string[];
}

const PREFIX = 'failed to build dependency graph: ';

/**
 * Finds the dependencies of each resource, and refuses unknown names, self references, iterators out of scope and
 * cycles.
 */
export function linkResources(drafts: readonly ResourceDraft[], language: Language, problems: Problems): Linked[] {
  const linked = drafts.map((draft) => new Linker(draft, language, problems).link());
  reportCycle(linked, problems);
  return linked;
}

/** The members of `ids` that the expressions read only in branches of conditional operators, sorted. */
export function onlyInBranches(ids: readonly string[], expressions: readonly Analysed[]): string[] {
  const others = new Set(ids);
  for (const each of expressions) {
    if (others.size === 0) break;
    const names = each.site.text.cel.includes('?') ? necessaryNames(rootsOf(each)) : each.ids;
    for (const name of names) others.delete(name);
  }
  return [...others].toSorted();
}

/** The sorted ids of the nodes that only deferred fields read. Ids on which the node depends are not included. */
export function deferredReads(
  fields: readonly Analysed<FieldSite>[],
  dependsOn: readonly string[],
  isNode: (id: string) => boolean,
): string[] {
  const deferred = fields.filter(({ site }) => site.deferred !== undefined);
  const ids = new Set(deferred.flatMap((field) => field.ids));
  return [...ids].filter((id) => isNode(id) && !dependsOn.includes(id)).toSorted();
}

class Linker {
  readonly #draft: ResourceDraft;
  readonly #language: Language;
  readonly #problems: Problems;
  readonly #dependsOn = new Set<string>();

  constructor(draft: ResourceDraft, language: Language, problems: Problems) {
    this.#draft = draft;
    this.#language = language;
    this.#problems = problems;
  }

  link(): Linked {
    const { fields: fieldSites, dimensions: dimensionSites, includeWhen: includeSites } = this.#draft;
    const iterators = dimensionSites.map((dimension) => dimension.name);
    const items =
      dimensionSites.length === 0 ? NO_NAMES : new Map(dimensionSites.map((site) => [site.name, this.#itemsOf(site)]));
    const fields = mapDefined(fieldSites, (site) => this.#field(site, iterators, items));
    this.#checkIdentity(fields, iterators);
    const dimensions = mapDefined(dimensionSites, (site) => this.#dimension(site, iterators));
    const includeWhen = mapDefined(includeSites, (site) =>
      this.#analyse(site, 'failed to extract dependencies from includeWhen: ', []),
    );
    // Index loop: in unoptimized code for..of allocates at each step.
    for (let index = 0; index < fields.length; index += 1) {
      const field = fields[index] as Analysed<FieldSite>;
      if (field.site.deferred === undefined) this.#addDependencies(field, iterators);
    }
    for (const each of [...dimensions, ...includeWhen]) this.#addDependencies(each, iterators);
    const { installedBy } = this.#draft;
    if (installedBy !== undefined && installedBy !== this.#draft.id) this.#dependsOn.add(installedBy);
    const dependsOn = [...this.#dependsOn];
    const propagateWhen = linkPropagateWhen(this.#draft, this.#language, this.#problems);
    const waited = fields.filter(({ site }) => site.deferred === undefined);
    return {
      draft: this.#draft,
      fields,
      dimensions,
      includeWhen,
      dependsOn,
      dependsOnInBranches: this.#language.hasPartialDependencies
        ? onlyInBranches(dependsOn, [...waited, ...dimensions, ...includeWhen]).filter((id) => id !== installedBy)
        : [],
      readsDeferred: deferredReads(fields, dependsOn, (id) => this.#language.isNode(id)),
      propagateWhen,
      propagatesAfter: gateReads(propagateWhen, this.#draft.id, (id) => this.#language.isNode(id)),
    };
  }

  #field(
    site: FieldSite,
    iterators: readonly string[],
    items: ReadonlyMap<string, ReadPart | undefined>,
  ): Analysed<FieldSite> | undefined {
    const deferred = deferredSite(site, this.#language);
    if (deferred !== undefined && this.#isIdentity(site)) {
      this.#problems.error({
        phase: 'dependencies',
        code: 'graph/defer',
        message: `${site.pathText} must have a value before the object is written; it cannot be deferred`,
        hint: 'read the value without defer(), so that the resource waits for it',
        place: { path: site.path, offset: site.text.toOriginal(0) },
        kro: `${PREFIX}node "${this.#draft.id}": defer() cannot be used in resource identity field ${goQuote(site.pathText)}`,
      });
      return undefined;
    }
    return this.#analyse(deferred ?? site, 'failed to extract dependencies: ', iterators, items);
  }

  #isIdentity({ pathText }: FieldSite): boolean {
    return this.#draft.nodeType !== 'def' && (pathText === 'metadata.name' || pathText === 'metadata.namespace');
  }

  #analyse<S extends ExpressionSite>(
    site: S,
    step: string,
    iterators: readonly string[],
    items?: ReadonlyMap<string, ReadPart | undefined>,
  ): Analysed<S> | undefined {
    const analysis = analyse(site, this.#language, { place: 'template', iterators }, items);
    if (analysis.ok) return analysis.value;
    const { syntax, kro, ...refusal } = analysis.refusal;
    const inspected = syntax ? `failed to inspect expression: ${kro}` : kro;
    this.#problems.error({ ...refusal, phase: 'dependencies', kro: PREFIX + step + inspected });
    return undefined;
  }

  /**
   * If the list of a dimension is a collection, or a filtered collection, returns the collection. Undefined for any
   * other list.
   */
  #itemsOf(site: DimensionSite): ReadPart | undefined {
    const parsed = this.#language.parse(site.text.cel);
    if (!parsed.ok) return undefined;
    const part = partOf(parsed.ast.expr, this.#language.readScope(new Map()));
    return part !== undefined && part.steps.length === 0 && this.#language.isCollection(part.id) ? part : undefined;
  }

  #dimension(site: DimensionSite, iterators: readonly string[]): Analysed<DimensionSite> | undefined {
    const step = `failed to extract dependencies from forEach iterator "${site.name}": `;
    const found = this.#analyse(site, step, iterators);
    if (found === undefined) return undefined;
    const others = found.ids.filter((id) => iterators.includes(id));
    // The last read is the list of the collection itself. It is removed, because each use of the iterator already
    // counts as a read of the items. The reads in the condition of a filter are kept.
    if (others.length === 0)
      return this.#itemsOf(site) === undefined ? found : { ...found, reads: found.reads.slice(0, -1) };
    const kro = `${PREFIX}node "${this.#draft.id}": forEach iterator "${site.name}" cannot reference other iterators [${others.join(' ')}] - forEach iterators are independent (cartesian product)`;
    this.#problems.error({
      phase: 'dependencies',
      code: 'graph/dependent-iterators',
      message: `the list of "${site.name}" reads the iterator ${others.join(', ')}; dimensions are independent of each other`,
      hint: 'write one dimension whose list has an element for each combination',
      place: { path: site.path },
      kro,
    });
    return undefined;
  }

  /** Checks that each iterator affects the name, or the namespace of a namespaced kind. */
  #checkIdentity(fields: readonly Analysed<FieldSite>[], iterators: readonly string[]): void {
    if (iterators.length === 0 || this.#draft.nodeType === 'def') return;
    const namespaced = this.#draft.resolved?.info.namespaced !== false;
    const identity = fields.filter(
      ({ site }) => site.pathText === 'metadata.name' || (namespaced && site.pathText === 'metadata.namespace'),
    );
    const used = new Set(identity.flatMap((field) => field.ids));
    const missing = iterators.filter((iterator) => !used.has(iterator));
    if (missing.length === 0 || identity.length < this.#identitySites(namespaced)) return;
    this.#problems.error({
      phase: 'dependencies',
      code: 'graph/identity',
      message: `metadata.name does not depend on ${missing.join(', ')}, so several items would be one object`,
      hint: `use \${${missing.join('}-${')}} in metadata.name`,
      place: { path: [...this.#draft.block.path, 'template', 'metadata', 'name'] },
      kro: `${PREFIX}node "${this.#draft.id}": all forEach dimensions must be used to produce a unique resource identity, missing: [${missing.join(' ')}]`,
    });
  }

  /** The number of identity fields with an expression, including expressions that could not be analysed. */
  #identitySites(namespaced: boolean): number {
    return this.#draft.fields.filter(
      ({ pathText }) => pathText === 'metadata.name' || (namespaced && pathText === 'metadata.namespace'),
    ).length;
  }

  #addDependencies(found: Analysed, iterators: readonly string[]): void {
    for (const id of found.ids) {
      if (id === 'schema' || iterators.includes(id)) continue;
      if (id === this.#draft.id) {
        this.#problems.error({
          phase: 'dependencies',
          code: 'graph/self-reference',
          message: `"${id}" reads itself, so it could never be created`,
          hint: 'read the value where it comes from (schema or another resource), or move the check to readyWhen',
          place: { path: found.site.path, offset: offsetOfName(found.site, id) },
          kro: `${PREFIX}self references are not allowed`,
        });
      } else if (this.#language.isNode(id)) this.#dependsOn.add(id);
      else {
        this.#problems.error({
          phase: 'dependencies',
          code: 'graph/unknown-identifier',
          message: `"${id}" is not defined here`,
          hint: id === 'each' ? 'each is the item of a collection, and exists in readyWhen only' : undefined,
          place: { path: found.site.path, offset: offsetOfName(found.site, id) },
          kro: `${PREFIX}node ${id} does not exist`,
        });
      }
    }
  }
}

function reportCycle(linked: readonly Linked[], problems: Problems): void {
  const byId = new Map(linked.map((each) => [each.draft.id, each]));
  const cycle = findCycle(new Map(linked.map((each) => [each.draft.id, [...each.dependsOn, ...each.propagatesAfter]])));
  if (cycle === undefined) return;
  const [first = '', second = ''] = cycle;
  const start = byId.get(first);
  const reading =
    start &&
    [...start.fields, ...start.dimensions, ...start.includeWhen, ...start.propagateWhen].find((each) =>
      each.ids.includes(second),
    );
  problems.error({
    phase: 'dependencies',
    code: 'graph/cycle',
    message: `the resources wait for each other: ${cycle.join(' → ')}`,
    hint: 'break the cycle: in one of the resources, take the value from schema, or compute it there',
    place:
      reading === undefined
        ? { path: start?.draft.block.path ?? [] }
        : { path: reading.site.path, offset: reading.site.text.toOriginal(0) },
    kro: `${PREFIX}graph contains a cycle: ${cycle.join(' -> ')}`,
  });
}
