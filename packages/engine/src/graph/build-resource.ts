import { type JsonObject, isJsonObject, parseApiVersion } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import type { SchemaSource } from '../schema/index.ts';
import type { ConditionText, ParsedDefinition, ResourceBlock } from './parsed-definition.ts';
import type { DimensionSite, ResourceDraft, ExpressionSite, DefinitionNodeType } from './resource-draft.ts';
import { externalMetadataProblems, hasSelector } from './external-metadata.ts';
import { defSchema } from './kinds/def-schema.ts';
import { type Phase, type Problems, mapDefined } from './problems.ts';
import { type InstalledKinds, isCrd } from './kinds/graph-kinds.ts';
import type { KroCompatibility } from './kro-compatibility.ts';
import type { PathStep } from './model.ts';
import type { GraphFeatures } from './options.ts';
import { type ResolvedKind, resolveKind } from './kinds/resolve-kind.ts';
import { type ShapeProblem, shapeProblem } from './resource-shape.ts';
import { type ExpressionText, joinParts, scanExpressions, bareHint } from './expressions/scan.ts';
import { type Walked, type Whereabouts, walkFreely, walkWithSchema } from './walk.ts';
import { TemplatePlace } from './template-place.ts';
import { RESERVED_PREFIXES } from './names/naming.ts';

/** Reads all resources: their kinds, templates and expressions. Reports errors and continues with the rest. */
export function buildResources(
  definition: ParsedDefinition,
  kinds: KnownKinds,
  { level, features }: Pick<Shared, 'level' | 'features'>,
  problems: Problems,
): ResourceDraft[] {
  const shared: Shared = { root: new TemplatePlace(), texts: new Map(), kinds: new Map(), level, features };
  const builders = definition.resources.map((block) => new Builder(block, shared, problems));
  const wellFormed = builders.filter((builder) => builder.checkShape());
  return wellFormed.map((builder) => builder.build(definition, kinds));
}

/** State shared by the resources of one definition. */
interface Shared {
  readonly root: TemplatePlace;
  /**
   * Scanned strings with expressions, keyed by the string. Resources repeat strings; for example, the name of a
   * workload is also in its labels.
   */
  readonly texts: Map<string, ExpressionText>;
  /** The results of the search for kinds, by kind and apiVersion. */
  readonly kinds: Map<string, ResolvedKind>;
  readonly level: KroCompatibility;
  readonly features: GraphFeatures;
}

/** The sources of kinds: external sources, and the resources of the graph that install kinds. */
export interface KnownKinds {
  readonly source: SchemaSource;
  readonly installed: InstalledKinds;
  /**
   * May a resource be of a kind that another resource installs? False for stock kro, which must know the kind when it
   * compiles the graph.
   */
  readonly allowInstalled: boolean;
}

/** The kind of a template, or the reason why it is not known. */
interface FoundKind {
  readonly kind: ResolvedKind | undefined;
  readonly installedBy: string | undefined;
  /** Set for a kind that no source has, if the resource may wait until the kind exists. */
  readonly unknownKind?: ResolvedKind & { readonly ok: false };
}

/** Maps the problem of a missing template field to its remedy. */
const MISSING_FIELDS: ReadonlyMap<string, string> = new Map([
  ['the template has no kind', 'add the kind, as in kind: Deployment'],
  ['the template has no apiVersion', 'add the version of its API, as in apiVersion: apps/v1 for a Deployment'],
  ['the template has no metadata', 'add metadata: with a name: below it'],
]);

/** The parts of a draft that depend on the type of the node. */
type Content = Pick<
  ResourceDraft,
  'nodeType' | 'resolved' | 'unknownKind' | 'valueSchema' | 'template' | 'installedBy'
>;

interface Finding extends ShapeProblem {
  readonly offset?: number | undefined;
}

class Builder {
  readonly #block: ResourceBlock;
  readonly #shared: Shared;
  readonly #problems: Problems;

  constructor(block: ResourceBlock, shared: Shared, problems: Problems) {
    this.#block = block;
    this.#shared = shared;
    this.#problems = problems;
  }

  /** Does the resource have a valid shape? If not, reports the problem. */
  checkShape(): boolean {
    const problem = shapeProblem(this.#block, this.#shared.features);
    return problem === undefined || this.#refuse('resourceShape', problem);
  }

  build(definition: ParsedDefinition, kinds: KnownKinds): ResourceDraft {
    const { externalRef } = this.#block;
    if (this.#isVariable) return this.#variable(this.#block.variable as JsonObject);
    const nodeType = this.#nodeType();
    const template = externalRef === undefined ? (this.#block.template as JsonObject) : this.#reference(externalRef);
    const { kind, installedBy, unknownKind } = this.#kind(template, kinds);
    if (kind?.ok === true) this.#checkScope(kind, template, definition.schema.scope === 'Cluster', nodeType);
    if (kind?.ok === true || unknownKind !== undefined) this.#checkReservedKeys(template);
    const walked = this.#walk(template, kind);
    const resolved = kind?.ok === true ? kind : undefined;
    return this.#draft(walked, { nodeType, resolved, unknownKind, valueSchema: undefined, template, installedBy });
  }

  #draft(
    walked: Walked,
    { nodeType, resolved, unknownKind, valueSchema, template, installedBy }: Content,
  ): ResourceDraft {
    // Every member is written out. If so many members followed a spread, V8 would keep them in a hash table, which is
    // slower.
    return {
      id: this.#block.id,
      block: this.#block,
      nodeType,
      resolved,
      unknownKind,
      valueSchema,
      template,
      installedBy,
      skeleton: isJsonObject(walked.skeleton) ? walked.skeleton : {},
      fields: walked.fields,
      unclosed: walked.unclosed.map(({ steps, offset }) => ({ path: this.#templatePath(steps), offset })),
      readyWhen: this.#conditions('readyWhen', this.#block.readyWhen),
      includeWhen: this.#conditions('includeWhen', this.#block.includeWhen),
      propagateWhen: this.#conditions('propagateWhen', this.#block.propagateWhen),
      dimensions: this.#dimensions(),
    };
  }

  get #isVariable(): boolean {
    return this.#block.variable !== undefined && this.#shared.features.variables === true;
  }

  #variable(value: JsonObject): ResourceDraft {
    const walked = walkFreely(value, this.#where());
    for (const { steps, kro, ...problem } of walked.problems)
      this.#refuse('resource', {
        ...problem,
        path: this.#templatePath(steps),
        kro: `failed to parse variable: ${kro}`,
      });
    return this.#draft(walked, {
      nodeType: 'def',
      resolved: undefined,
      unknownKind: undefined,
      valueSchema: defSchema(value, this.#shared.features.dynamicKeys),
      template: value,
      installedBy: undefined,
    });
  }

  /**
   * The object of an external reference. If its metadata have problems, the selector is left out, because it would
   * cause more problems.
   */
  #reference(reference: JsonObject): JsonObject {
    const { id } = this.#block;
    const metadata = isJsonObject(reference['metadata']) ? reference['metadata'] : {};
    const found = externalMetadataProblems(metadata, this.#shared.level);
    for (const { steps, kro, ...problem } of found) {
      const text = `invalid external ref metadata for resource ${id}: ${kro}`;
      this.#refuse('resourceShape', { ...problem, path: this.#templatePath(steps), kro: text });
    }
    const { selector: _selector, ...rest } = metadata;
    return externalTemplate(found.length === 0 ? reference : { ...reference, metadata: rest });
  }

  #nodeType(): DefinitionNodeType {
    const { externalRef, forEach } = this.#block;
    if (externalRef === undefined) return forEach.length > 0 ? 'collection' : 'resource';
    const metadata = externalRef['metadata'];
    return isJsonObject(metadata) && hasSelector(metadata) ? 'externalCollection' : 'external';
  }

  /** The path in the definition for a path in the template. */
  #templatePath(steps: readonly PathStep[]): readonly PathStep[] {
    const payload = this.#isVariable ? 'variable' : this.#block.externalRef === undefined ? 'template' : 'externalRef';
    return [...this.#block.path, payload, ...steps];
  }

  #refuse(phase: Phase, { path, offset, key, kro, ...rest }: Finding): false {
    const place = { path, ...(offset === undefined ? {} : { offset }), ...(key === true ? { key } : {}) };
    this.#problems.error({ ...rest, phase, place, kro: `failed to build resource "${this.#block.id}": ${kro}` });
    return false;
  }

  #kind(template: JsonObject, kinds: KnownKinds): FoundKind {
    const malformed = this.#malformed(template);
    if (malformed !== undefined) {
      const kro = `resource ${this.#block.id} is not a valid Kubernetes object: ${malformed.kro}`;
      const { field, message } = malformed;
      const path = this.#templatePath([field]);
      const near = Object.keys(template).find((key) => key.toLowerCase() === field.toLowerCase());
      const hint =
        near === undefined || near === field
          ? MISSING_FIELDS.get(message)
          : `write ${field} instead of ${near}: names are case-sensitive`;
      this.#refuse('resource', { code: 'graph/invalid-template', path, kro, message, hint });
      return { kind: undefined, installedBy: undefined };
    }
    const { apiVersion, kind } = template as { apiVersion: string; kind: string };
    const name = `${kind} ${apiVersion}`;
    const known = this.#shared.kinds.get(name);
    const found = known ?? resolveKind(this.#block.id, apiVersion, kind, kinds.source);
    if (found.ok) {
      if (known === undefined) this.#shared.kinds.set(name, found);
      return { kind: found, installedBy: undefined };
    }
    const installedBy = kinds.installed.installerOf({ ...parseApiVersion(apiVersion), kind });
    if (installedBy !== undefined && kinds.allowInstalled) {
      return { kind: resolveKind(this.#block.id, apiVersion, kind, kinds.installed.source), installedBy };
    }
    if (this.#shared.features.deferredSchemas === true && this.#block.template !== undefined) {
      // The expressions decide whether the resource may wait for its kind (`deferKinds`).
      if (found.code === 'graph/unknown-kind') return { kind: found, installedBy: undefined, unknownKind: found };
    }
    const hint =
      installedBy === undefined
        ? found.hint
        : `"${installedBy}" installs the kind, but stock kro must know it when it compiles the definition: move "${installedBy}" to another definition`;
    this.#refuse('resource', { ...found, hint, path: this.#templatePath([found.field]) });
    return { kind: found, installedBy };
  }

  #malformed(template: JsonObject): { field: string; kro: string; message: string } | undefined {
    for (const field of ['apiVersion', 'kind']) {
      const value = Object.hasOwn(template, field) ? template[field] : undefined;
      if (typeof value === 'string') continue;
      const missing = value === undefined;
      const message = missing ? `the template has no ${field}` : `${field} must be a string`;
      return { field, kro: `${field} field ${missing ? 'not found' : 'is not a string'}`, message };
    }
    const metadata = Object.hasOwn(template, 'metadata') ? template['metadata'] : undefined;
    if (isJsonObject(metadata)) return undefined;
    const missing = metadata === undefined;
    const message = missing
      ? 'the template has no metadata'
      : 'metadata must be an object; expressions go into its fields';
    return { field: 'metadata', kro: `metadata field ${missing ? 'not found' : 'is not a map'}`, message };
  }

  #checkScope(
    kind: ResolvedKind & { ok: true },
    template: JsonObject,
    clusterInstance: boolean,
    nodeType: DefinitionNodeType,
  ): void {
    const metadata = template['metadata'] as JsonObject;
    const hasNamespace = Object.hasOwn(metadata, 'namespace');
    const { namespace } = metadata;
    const { id } = this.#block;
    if (!kind.info.namespaced) {
      if (!hasNamespace) return;
      const kro = `resource "${id}" is cluster-scoped and must not set metadata.namespace`;
      const message = `${kind.type.kind} is cluster-scoped; it has no namespace`;
      const path = this.#templatePath(['metadata', 'namespace']);
      this.#refuse('resource', {
        code: 'graph/scope',
        path,
        kro,
        message,
        hint: 'remove metadata.namespace',
        key: true,
      });
      return;
    }
    const blank = typeof namespace !== 'string' || namespace.trim() === '';
    if (!clusterInstance || !blank || nodeType === 'externalCollection') return;
    const kro = `resource "${id}" is namespaced and must set metadata.namespace when the instance CRD is cluster-scoped`;
    const message = `instances of this API are cluster-scoped, so ${kind.type.kind} must set its namespace`;
    const path = this.#templatePath(['metadata']);
    this.#refuse('resource', { code: 'graph/scope', path, kro, message, hint: 'set metadata.namespace', key: true });
  }

  #checkReservedKeys(template: JsonObject): void {
    const metadata = template['metadata'] as JsonObject;
    for (const word of ['label', 'annotation']) {
      const map = metadata[`${word}s`];
      for (const key of isJsonObject(map) ? Object.keys(map) : []) {
        const prefix = RESERVED_PREFIXES.find((reserved) => key.startsWith(reserved));
        if (prefix === undefined) continue;
        const kro = `invalid ${word} for resource "${this.#block.id}". ${word}s with prefix "${prefix}" are reserved for internal use`;
        const path = this.#templatePath(['metadata', `${word}s`, key]);
        const message = `${word}s that begin with "${prefix}" are reserved`;
        const hint = 'give it another prefix, or remove it: the controller sets these itself';
        this.#refuse('resource', { code: 'graph/reserved-key', path, kro, message, hint, key: true });
      }
    }
  }

  #where(): Whereabouts {
    const { root, texts, level, features } = this.#shared;
    // kro reads the selector of an external reference literally, so its keys are never expressions.
    const dynamicKeys = this.#block.externalRef === undefined && features.dynamicKeys === true;
    return { base: this.#templatePath([]), root, texts, level, dynamicKeys };
  }

  #walk(template: JsonObject, kind: ResolvedKind | undefined): Walked {
    const { apiVersion: _apiVersion, kind: _kind, ...open } = template;
    const rest: JsonObject = open;
    const fixed = { apiVersion: template['apiVersion'] ?? null, kind: template['kind'] ?? null };
    const free = this.#block.externalRef !== undefined || kind?.ok !== true || isCrd(template);
    const where = this.#where();
    const walked = free ? walkFreely(rest, where) : walkWithSchema(rest, kind.schema, where);
    for (const { steps, kro, ...problem } of walked.problems) {
      const prefix = `${this.#walkStep(template)} ${this.#block.id}: `;
      const path = this.#templatePath(steps);
      // Quotes the text in the file, not the value, because the value of 1.10 is the number 1.1.
      const isQuoted = problem.hint?.startsWith('quote it') === true;
      const text = isQuoted ? this.#problems.written(path)?.text : undefined;
      const quoted = text === undefined ? problem.hint : `quote it: "${text}"`;
      // A hint does not repeat the value of a Secret.
      const hint = isQuoted && fixed.kind === 'Secret' ? 'write the value in quotes' : quoted;
      this.#refuse('resource', { ...problem, hint, path, kro: prefix + kro });
    }
    if (isCrd(template) && this.#block.externalRef === undefined) this.#checkCrdFields(walked);
    const { skeleton, fields, problems, unclosed } = walked;
    return { skeleton: { ...fixed, ...(skeleton as JsonObject) }, fields, problems, unclosed };
  }

  /** kro's message prefix for the step that finds expressions. It depends on the kind of resource. */
  #walkStep(template: JsonObject): string {
    if (this.#block.externalRef !== undefined) return 'failed to parse external ref resource';
    if (isCrd(template)) return 'failed to parse schemaless resource';
    return 'failed to extract CEL expressions from schema for resource';
  }

  #checkCrdFields(walked: Walked): void {
    for (const { pathText, steps } of walked.fields) {
      if (pathText.startsWith('metadata.')) continue;
      const kro = `CEL expressions in CRDs are only supported for metadata fields, found in path ${goQuote(pathText)}, resource ${this.#block.id}`;
      const message = 'in a CustomResourceDefinition only metadata may hold expressions';
      this.#refuse('resource', { code: 'graph/crd-expression', path: this.#templatePath(steps), kro, message });
    }
  }

  #conditions(
    list: 'readyWhen' | 'includeWhen' | 'propagateWhen',
    entries: readonly ConditionText[],
  ): ExpressionSite[] {
    return mapDefined(entries, (entry) => this.#standalone(entry, `failed to parse ${list} expressions: `, list));
  }

  #dimensions(): DimensionSite[] {
    return mapDefined(this.#block.forEach, (entry) => {
      const prefix = `failed to parse forEach dimensions: invalid forEach expression for dimension "${entry.name}": `;
      const site = this.#standalone(entry, prefix, 'forEach');
      return site === undefined ? undefined : { name: entry.name, ...site };
    });
  }

  #standalone({ text, path }: ConditionText, prefix: string, what: string): ExpressionSite | undefined {
    const scanned = scanExpressions(text, this.#shared.level);
    const joined = scanned.ok ? joinParts(text, scanned.parts) : undefined;
    if (joined !== undefined && joined.template === undefined) return { text: joined, path };
    const kro = prefix + (scanned.ok ? 'only standalone expressions are allowed' : scanned.message);
    const message = `each ${what} entry is one bare \${…} and nothing else`;
    if (text.trim() === '') {
      this.#refuse('resource', {
        code: 'graph/not-standalone',
        path,
        kro,
        message: `this entry of ${what} is empty`,
        hint: `remove it, or write ${what === 'forEach' ? 'a list' : 'a condition'} in \${…}`,
      });
      return undefined;
    }
    const hint = text.endsWith('\n')
      ? 'the value ends with a newline: write the block with "|-"'
      : bareHint(text, this.#shared.level);
    this.#refuse('resource', { code: 'graph/not-standalone', path, kro, message, hint });
    return undefined;
  }
}

/** The template of an externalRef: its apiVersion and kind, and the name, namespace or selector that it sets. */
function externalTemplate(reference: JsonObject): JsonObject {
  const metadata = isJsonObject(reference['metadata']) ? reference['metadata'] : {};
  const given = (field: string): JsonObject => {
    const value = Object.hasOwn(metadata, field) ? metadata[field] : undefined;
    return value === undefined || value === null || value === '' ? {} : { [field]: value };
  };
  return {
    apiVersion: reference['apiVersion'] ?? '',
    kind: reference['kind'] ?? '',
    metadata: { ...given('name'), ...given('namespace'), ...given('selector') },
  };
}
