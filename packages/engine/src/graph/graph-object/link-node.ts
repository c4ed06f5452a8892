import { goQuote } from '@typekro/kit/golang';
import { type Analysed, analyse, offsetOfName, rootsOf } from '../analysis.ts';
import { callsGlobal } from '../expressions/gated-functions.ts';
import { deferredSite } from '../expressions/deferral.ts';
import { mapDefined } from '../problems.ts';
import type { Language } from '../expressions/language.ts';
import { type LinkedParts, deferredReads, onlyInBranches } from '../link-resources.ts';
import type { ReadPart } from '../model.ts';
import { partOf } from '../expressions/read-paths.ts';
import type { DimensionSite, ExpressionSite, FieldSite } from '../resource-draft.ts';
import type { Frame, FrameName } from './frame.ts';
import type { FrameProblems } from './frame-problems.ts';
import type { NodeDraft } from './node-draft.ts';

/** A node with its parsed expressions and the values that they read. Expressions with errors are left out. */
export interface LinkedNode extends LinkedParts {
  readonly draft: NodeDraft;
  readonly readyWhen: readonly Analysed[];
  /** The nodes of outer frames on which this node depends. */
  readonly captures: readonly Capture[];
}

/** A node of an outer frame, and the first expression that reads it. */
export interface Capture extends FrameName {
  readonly site: ExpressionSite;
}

/** The names and the language of a frame. */
export interface FrameContext {
  readonly frame: Frame;
  /** All names that expressions can read. */
  readonly names: ReadonlyMap<string, FrameName>;
  /** Maps the id of a node (the path of ids through the subgraphs) to the node and its name in expressions. */
  readonly byId: ReadonlyMap<string, FrameName & { readonly name: string }>;
  readonly language: Language;
  readonly problems: FrameProblems;
}

/** Finds the values that the expressions of a node read, and reports reads that are not allowed. */
export function linkNode(draft: NodeDraft, context: FrameContext): LinkedNode {
  return new Linker(draft, context).link();
}

class Linker {
  readonly #draft: NodeDraft;
  readonly #context: FrameContext;
  readonly #dependsOn = new Set<string>();
  readonly #captures = new Map<string, Capture>();

  constructor(draft: NodeDraft, context: FrameContext) {
    this.#draft = draft;
    this.#context = context;
  }

  link(): LinkedNode {
    const { draft } = this;
    const iterators = draft.dimensions.map(({ name }) => name);
    const items = new Map(draft.dimensions.map((site) => [site.name, this.#itemsOf(site)]));
    const fields = mapDefined(draft.fields, (site) => this.#field(site, iterators, items));
    this.#checkIdentity(fields, iterators);
    const dimensions = mapDefined(draft.dimensions, (site) => this.#dimension(site, iterators));
    const includeWhen = mapDefined(draft.includeWhen, (site) =>
      this.#includeWhen(site, draft.includeWhen.indexOf(site)),
    );
    const readyWhen = mapDefined(draft.readyWhen, (site) => this.#readyWhen(site, draft.readyWhen.indexOf(site)));
    const dependsOn = [...this.#dependsOn];
    const waited = fields.filter(({ site }) => site.deferred === undefined);
    return {
      draft,
      fields,
      dimensions,
      includeWhen,
      readyWhen,
      dependsOn,
      dependsOnInBranches: this.#context.language.hasPartialDependencies
        ? onlyInBranches(dependsOn, [...waited, ...dimensions, ...includeWhen])
        : [],
      readsDeferred: deferredReads(fields, dependsOn, (id) => this.#context.byId.has(id)),
      captures: [...this.#captures.values()],
    };
  }

  get draft(): NodeDraft {
    return this.#draft;
  }

  #refuse(kro: string, code: string, message: string, site: ExpressionSite, hint?: string, offset?: number): undefined {
    const place = { path: site.path, offset: offset ?? site.text.toOriginal(0) };
    const text = `build dependency graph: node ${goQuote(this.#draft.block.name)}: ${kro}`;
    this.#context.problems.error('dependencies', text, { code, message, place, hint });
  }

  /**
   * If the list of a dimension is a collection, or a filtered collection, returns the collection. Undefined for any
   * other list.
   */
  #itemsOf(site: DimensionSite): ReadPart | undefined {
    const { language } = this.#context;
    const parsed = language.parse(site.text.cel);
    if (!parsed.ok) return undefined;
    const part = partOf(parsed.ast.expr, language.readScope(new Map()));
    return part !== undefined && part.steps.length === 0 && language.isCollection(part.id) ? part : undefined;
  }

  /**
   * Parses an expression. Refuses an expression that reads a patch, or that reads nodes of different frames. `step`
   * names the place of the expression in kro's message, e.g. `includeWhen[0]`.
   */
  #analyse<S extends ExpressionSite>(
    site: S,
    step: string,
    iterators: readonly string[],
    names?: ReadonlyMap<string, ReadPart | undefined>,
  ): Analysed<S> | undefined {
    const analysis = analyse(site, this.#context.language, { place: 'template', iterators }, names);
    if (!analysis.ok) {
      const { syntax, kro, code, message, hint, place } = analysis.refusal;
      const inspected = syntax ? `inspect: ${kro}` : singular(kro);
      const text = `build dependency graph: node ${goQuote(this.#draft.block.name)}: ${step}: ${inspected}`;
      this.#context.problems.error('dependencies', text, { code, message, place, hint });
      return undefined;
    }
    const found = analysis.value;
    const read = found.ids.flatMap((id) => (iterators.includes(id) ? [] : (this.#context.byId.get(id) ?? [])));
    const patch = read.find(({ isPatch }) => isPatch);
    if (patch !== undefined) {
      const message = `"${patch.name}" is a patch; it has no value that an expression can read`;
      const hint = 'read the object with a ref node';
      const kro = `${step}: patch node ${goQuote(patch.name)} does not publish a value into scope and cannot be referenced in CEL expressions`;
      return this.#refuse(kro, 'graph/patch-read', message, site, hint);
    }
    const frames = new Set(read.map(({ frame }) => frame));
    if (frames.size > 1) {
      const own = read.filter(({ frame }) => frame === this.#context.frame).map(({ name }) => name);
      const outer = read.filter(({ frame }) => frame !== this.#context.frame).map(({ name }) => name);
      const message = `one expression reads ${[...own, ...outer].join(' and ')}, which belong to different lists of nodes`;
      const hint = `copy ${outer[0] ?? 'the outer value'} into a def of this subgraph, and read the def`;
      const shown = site.text.template ?? site.text.cel;
      const kro = `${step}: expression ${goQuote(shown)} mixes node references from different graph scopes (references must belong to a single scope)`;
      return this.#refuse(kro, 'graph/mixed-frames', message, site, hint);
    }
    return found;
  }

  #add({ ids, site }: Analysed, iterators: readonly string[]): void {
    for (const id of ids) {
      if (iterators.includes(id)) continue;
      const node = this.#context.byId.get(id);
      if (node === undefined) continue;
      if (node.frame !== this.#context.frame) {
        if (!this.#captures.has(id)) this.#captures.set(id, { ...node, site });
      } else if (id !== this.#draft.id) this.#dependsOn.add(id);
      else {
        const message = `"${node.name}" reads itself, so it could never be created`;
        const hint = 'read the value where it comes from, or move the check to readyWhen';
        const kro = 'register deps: self references are not allowed';
        this.#refuse(kro, 'graph/self-reference', message, site, hint, offsetOfName(site, id));
      }
    }
  }

  #field(
    site: FieldSite,
    iterators: readonly string[],
    items: ReadonlyMap<string, ReadPart | undefined>,
  ): Analysed<FieldSite> | undefined {
    const step = `variable at ${goQuote(site.pathText)}`;
    const deferred = deferredSite(site, this.#context.language);
    if (deferred !== undefined && this.#isIdentity(site)) {
      const message = `${site.pathText} must have a value before the object is written; it cannot be deferred`;
      const hint = 'read the value without defer(), so that the node waits for it';
      return this.#refuse(
        `${step}: defer() cannot be used in resource identity fields`,
        'graph/defer',
        message,
        site,
        hint,
      );
    }
    const found = this.#analyse(deferred ?? site, step, iterators, items);
    if (found === undefined) return undefined;
    if (this.#isIdentity(site) && usesOmit(found)) {
      const message = `${site.pathText} must have a value; it cannot be omitted`;
      return this.#refuse(`${step}: omit() cannot be used in resource identity fields`, 'graph/omit', message, site);
    }
    if (deferred === undefined) this.#add(found, iterators);
    return found;
  }

  #isIdentity({ pathText }: FieldSite): boolean {
    if (this.#draft.nodeType === 'def') return false;
    // If the kind is computed, it is unknown whether its objects have a namespace. Therefore only the name counts as
    // identity.
    const isNamespaced = this.#draft.resolved?.info.namespaced === true;
    return pathText === 'metadata.name' || (isNamespaced && pathText === 'metadata.namespace');
  }

  /** Checks that the identity of the objects of a node with `forEach` depends on each iterator. */
  #checkIdentity(fields: readonly Analysed<FieldSite>[], iterators: readonly string[]): void {
    const { draft } = this;
    if (iterators.length === 0 || (draft.nodeType !== 'collection' && draft.nodeType !== 'patch')) return;
    const identity = fields.filter(({ site }) => this.#isIdentity(site));
    // If an expression of the identity has an error, the error is already reported.
    if (identity.length < draft.fields.filter((site) => this.#isIdentity(site)).length) return;
    const used = new Set(identity.flatMap(({ ids }) => ids));
    const missing = iterators.filter((name) => !used.has(name));
    if (missing.length === 0) return;
    const field = draft.nodeType === 'patch' ? 'patch' : 'template';
    const kro = `every forEach iterator must appear in metadata.name (or metadata.namespace for namespaced resources) to produce unique identities, missing: [${missing.join(' ')}]`;
    this.#context.problems.error('dependencies', `build dependency graph: node ${goQuote(draft.block.name)}: ${kro}`, {
      code: 'graph/identity',
      message: `metadata.name does not depend on ${missing.join(', ')}, so several items would be one object`,
      hint: `use \${${missing.join('}-${')}} in metadata.name`,
      place: { path: [...draft.block.path, field, 'metadata', 'name'] },
    });
  }

  #dimension(site: DimensionSite, iterators: readonly string[]): Analysed<DimensionSite> | undefined {
    const step = `forEach ${goQuote(site.name)}`;
    const found = this.#analyse(site, step, iterators);
    if (found === undefined) return undefined;
    if (this.#refusesOmit(found, step)) return undefined;
    const others = found.ids.filter((id) => iterators.includes(id));
    if (others.length > 0) {
      const kro = `${step} cannot reference other iterators [${others.join(' ')}]`;
      const message = `the list of "${site.name}" reads the iterator ${others.join(', ')}; dimensions are independent of each other`;
      const hint = 'write one dimension whose list has an element for each combination';
      return this.#refuse(kro, 'graph/dependent-iterators', message, site, hint);
    }
    this.#add(found, []);
    // The last entry of `reads` is the collection itself. It is removed, because each use of the iterator already
    // counts as a read of the items. The reads in the condition of a filter are kept.
    return this.#itemsOf(site) === undefined ? found : { ...found, reads: found.reads.slice(0, -1) };
  }

  #includeWhen(site: ExpressionSite, index: number): Analysed | undefined {
    const step = `includeWhen[${index}]`;
    const found = this.#analyse(site, step, []);
    if (found === undefined || this.#refusesOmit(found, step)) return undefined;
    if (found.ids.includes(this.#draft.id)) {
      const { name } = this.#draft.block;
      const kro = `node ${goQuote(name)}: includeWhen references its own id ${goQuote(name)}, which can never be satisfied`;
      const message = `includeWhen reads "${name}" itself, which does not exist before the condition holds`;
      return this.#refuse(kro, 'graph/self-reference', message, site, 'read the value where it comes from');
    }
    this.#add(found, []);
    return found;
  }

  #readyWhen(site: ExpressionSite, index: number): Analysed | undefined {
    const step = `readyWhen[${index}]`;
    const { draft } = this;
    const names = new Map<string, ReadPart | undefined>(
      draft.nodeType === 'collection' || draft.nodeType === 'externalCollection'
        ? [['each', { id: draft.id, steps: [] }]]
        : [],
    );
    const found = this.#analyse(site, step, [], names);
    if (found === undefined || this.#refusesOmit(found, step)) return undefined;
    const other = found.ids
      .map((id) => this.#context.byId.get(id))
      .find((node) => node !== undefined && node.id !== draft.id);
    if (other === undefined) return found;
    const what = other.frame === this.#context.frame ? '' : 'capture ';
    const kro = `${step} (${goQuote(site.text.cel)}) may only reference the node itself, found ${what}${goQuote(other.name)}`;
    const message = `readyWhen can read only its own node, "${draft.block.name}", not "${other.name}"`;
    const hint = `read "${other.name}" in a field or in includeWhen instead`;
    return this.#refuse(kro, 'graph/unknown-identifier', message, site, hint);
  }

  #refusesOmit(found: Analysed, step: string): boolean {
    if (!usesOmit(found)) return false;
    const text = 'omit() can only be used in resource template expressions';
    this.#refuse(`${step}: ${text}`, 'graph/omit', text, found.site);
    return true;
  }
}

function usesOmit(found: Analysed): boolean {
  return (
    (found.site.text.template ?? found.site.text.cel).includes('omit') &&
    rootsOf(found).some((root) => callsGlobal(root, 'omit'))
  );
}

/** Converts kro's message about unknown names in a definition to its message about one unknown name in a Graph. */
function singular(kro: string): string {
  const name = /^references unknown identifiers: \[([^\s\]]*)/.exec(kro)?.[1];
  return name === undefined ? kro : `references unknown identifier ${goQuote(name)}`;
}
