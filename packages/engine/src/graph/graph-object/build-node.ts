import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { goJsonKind, goQuote } from '@typekro/kit/golang';
import { labelSelectorProblems, valueAt } from '@typekro/kit/kubernetes';
import type { Schema, SchemaSource } from '../../schema/index.ts';
import { hasSelector } from '../external-metadata.ts';
import { mapDefined } from '../problems.ts';
import { isCrd } from '../kinds/graph-kinds.ts';
import type { PathStep } from '../model.ts';
import { formatPath } from '../path.ts';
import type { ConditionText } from '../parsed-definition.ts';
import { type ResolvedKind, resolveKind } from '../kinds/resolve-kind.ts';
import type { DimensionSite, ExpressionSite } from '../resource-draft.ts';
import { type ExpressionText, joinParts, scanExpressions, bareHint } from '../expressions/scan.ts';
import { TemplatePlace } from '../template-place.ts';
import { type Whereabouts, type Walked, walkFreely, walkWithSchema } from '../walk.ts';
import { defSchema } from '../kinds/def-schema.ts';
import type { FrameProblems } from './frame-problems.ts';
import type { NodeDraft } from './node-draft.ts';
import type { ManifestProblem } from './object-structure.ts';
import { isDynamicManifest, manifestProblem, patchEndpoint, patchProblems } from './object-structure.ts';
import { type NodeBlock, type Payload, PAYLOADS } from './parsed-graph.ts';

/** The values that all nodes of one Graph share. */
export interface Shared {
  readonly source: SchemaSource;
  readonly root: TemplatePlace;
  /** Scanned strings with expressions. They are kept because nodes often contain the same strings. */
  readonly texts: Map<string, ExpressionText>;
  readonly kinds: Map<string, ResolvedKind>;
  /** May the keys of maps be expressions? */
  readonly dynamicKeys: boolean;
}

/** Creates the values that all nodes of one Graph share. */
export function sharedOf(source: SchemaSource, dynamicKeys: boolean): Shared {
  return { source, root: new TemplatePlace(), texts: new Map(), kinds: new Map(), dynamicKeys };
}

/** Returns the payload of a node, for example its `template`. The node must have a valid shape. */
export function payloadOf({ payloads }: NodeBlock): { readonly payload: Payload; readonly value: JsonValue } {
  const payload = PAYLOADS.find((each) => payloads[each] !== undefined) ?? 'template';
  return { payload, value: payloads[payload] ?? {} };
}

/** Reads a node that is not a subgraph: its kind, its template and its expressions. */
export function buildNode(id: string, block: NodeBlock, shared: Shared, problems: FrameProblems): NodeDraft {
  return new Builder(id, block, shared, problems).build();
}

class Builder {
  readonly #id: string;
  readonly #block: NodeBlock;
  readonly #shared: Shared;
  readonly #problems: FrameProblems;
  readonly #payload: Payload;

  constructor(id: string, block: NodeBlock, shared: Shared, problems: FrameProblems) {
    this.#id = id;
    this.#block = block;
    this.#shared = shared;
    this.#problems = problems;
    this.#payload = payloadOf(block).payload;
  }

  build(): NodeDraft {
    const { value } = payloadOf(this.#block);
    const payload = isJsonObject(value) ? value : {};
    if (!isJsonObject(value)) {
      const kro = `${this.#payload}: unmarshal: json: cannot unmarshal ${goJsonKind(value)} into Go value of type map[string]interface {}`;
      const message = `${this.#payload} must be an object`;
      this.#refuse({ code: 'graph/invalid-template', kro, message, steps: [] });
    }
    return this.#payload === 'def' ? this.#def(payload) : this.#object(payload, isJsonObject(value));
  }

  #def(value: JsonObject): NodeDraft {
    const walked = this.#report(walkFreely(value, this.#where()), 'def');
    return {
      ...this.#common(walked),
      nodeType: 'def',
      resolved: undefined,
      isDynamic: false,
      schema: defSchema(value, this.#shared.dynamicKeys),
      fieldSchema: undefined,
    };
  }

  #object(value: JsonObject, isSound: boolean): NodeDraft {
    const isDynamic = isDynamicManifest(value);
    const isManifest = isSound && this.#checkManifest(value, isDynamic);
    const kind = isManifest && !isDynamic ? this.#kind(value) : undefined;
    const resolved = kind?.ok === true ? kind : undefined;
    const walked = this.#walk(value, resolved?.schema, isDynamic);
    const endpoint = this.#payload === 'patch' && isManifest ? patchEndpoint(value) : {};
    if ('kro' in endpoint) this.#refuse(endpoint);
    return {
      ...this.#common(walked),
      nodeType: this.#nodeType(value),
      resolved,
      isDynamic,
      schema: resolved?.schema,
      fieldSchema: this.#payload === 'ref' ? undefined : resolved?.schema,
      ...('subresource' in endpoint && endpoint.subresource !== undefined ? { subresource: endpoint.subresource } : {}),
    };
  }

  #nodeType(value: JsonObject): NodeDraft['nodeType'] {
    if (this.#payload === 'patch') return 'patch';
    if (this.#payload === 'template') return this.#block.forEach.length > 0 ? 'collection' : 'resource';
    const metadata = valueAt(value, 'metadata');
    return isJsonObject(metadata) && hasSelector(metadata) ? 'externalCollection' : 'external';
  }

  #common(
    walked: Walked,
  ): Pick<NodeDraft, 'id' | 'block' | 'skeleton' | 'fields' | 'includeWhen' | 'readyWhen' | 'dimensions'> {
    return {
      id: this.#id,
      block: this.#block,
      skeleton: isJsonObject(walked.skeleton) ? walked.skeleton : {},
      fields: walked.fields,
      dimensions: this.#dimensions(),
      includeWhen: this.#conditions('includeWhen', this.#block.includeWhen),
      readyWhen: this.#conditions('readyWhen', this.#block.readyWhen),
    };
  }

  #at(steps: readonly PathStep[]): readonly PathStep[] {
    return [...this.#block.path, this.#payload, ...steps];
  }

  #refuse({ code, kro, message, steps, hint }: ManifestProblem): void {
    const place = { path: this.#at(steps) };
    this.#problems.error('build', `build node ${goQuote(this.#block.name)}: ${kro}`, { code, message, place, hint });
  }

  #checkManifest(value: JsonObject, isDynamic: boolean): boolean {
    const found = manifestProblem(value, this.#payload !== 'ref' || isDynamic);
    if (found !== undefined) {
      this.#refuse(found);
      return false;
    }
    const others = this.#payload === 'patch' ? patchProblems(value) : this.#payload === 'ref' ? refProblems(value) : [];
    for (const each of others) this.#refuse(each);
    return true;
  }

  #kind(value: JsonObject): ResolvedKind {
    const [apiVersion, kind] = [String(value['apiVersion']), String(value['kind'])];
    const name = `${kind} ${apiVersion}`;
    const { kinds, source } = this.#shared;
    const found = kinds.get(name) ?? resolveKind(this.#block.name, apiVersion, kind, source);
    kinds.set(name, found);
    if (!found.ok) {
      const { code, message, field, hint } = found;
      const kro = kindText(apiVersion, kind, found.kro);
      this.#refuse({ code, kro, message, steps: [field], ...(hint === undefined ? {} : { hint }) });
      return found;
    }
    const metadata = value['metadata'];
    const namespace = isJsonObject(metadata) ? valueAt(metadata, 'namespace') : undefined;
    if (!found.info.namespaced && typeof namespace === 'string' && namespace !== '') {
      this.#refuse({
        code: 'graph/scope',
        kro: `${kind} is cluster-scoped but template sets metadata.namespace=${goQuote(namespace)}`,
        message: `${kind} is cluster-scoped; it has no namespace`,
        steps: ['metadata', 'namespace'],
        hint: 'remove metadata.namespace',
      });
    }
    return found;
  }

  #where(): Whereabouts {
    const { root, texts } = this.#shared;
    // kro allows expressions as the values of a selector, but not as its keys.
    const dynamicKeys = this.#payload !== 'ref' && this.#shared.dynamicKeys;
    return { base: this.#at([]), root, texts, level: '0.10', dynamicKeys };
  }

  #walk(value: JsonObject, schema: Schema | undefined, isDynamic: boolean): Walked {
    if (isDynamic) return this.#report(walkFreely(value, this.#where()), this.#payload);
    const { apiVersion = null, kind = null, ...open } = value;
    const rest: JsonObject = open;
    const isFree = schema === undefined || this.#payload === 'ref' || isCrd(value);
    const walked = isFree ? walkFreely(rest, this.#where()) : walkWithSchema(rest, schema, this.#where());
    this.#report(walked, this.#payload);
    if (this.#payload === 'template' && isCrd(value)) this.#checkCrd(walked);
    return { ...walked, skeleton: { apiVersion, kind, ...(walked.skeleton as JsonObject) } };
  }

  #checkCrd(walked: Walked): void {
    for (const { pathText, steps } of walked.fields) {
      if (pathText.startsWith('metadata.')) continue;
      const kro = `CEL expressions in CRDs are only supported for metadata fields, found in path ${goQuote(pathText)}, resource ${this.#block.name}`;
      const message = 'in a CustomResourceDefinition only metadata may hold expressions';
      this.#refuse({ code: 'graph/crd-expression', kro, message, steps });
    }
  }

  #report(walked: Walked, what: Payload): Walked {
    for (const { code, kro, message, steps, hint, offset, key } of walked.problems) {
      const place = {
        path: this.#at(steps),
        ...(offset === undefined ? {} : { offset }),
        ...(key === true ? { key } : {}),
      };
      const text = `build node ${goQuote(this.#block.name)}: parse ${what} payload: ${kro}`;
      this.#problems.error('build', text, { code, message, place, hint });
    }
    return walked;
  }

  #conditions(list: 'includeWhen' | 'readyWhen', entries: readonly ConditionText[]): ExpressionSite[] {
    return mapDefined(entries, (entry) => this.#standalone(entry, `${list}: `, list));
  }

  #dimensions(): DimensionSite[] {
    return this.#block.forEach.flatMap(({ entries }, index) =>
      mapDefined(entries.slice(0, 1), (entry) => {
        const site = this.#standalone(entry, `forEach[${index}] ${goQuote(entry.name)}: `, 'forEach');
        return site === undefined ? undefined : { name: entry.name, ...site };
      }),
    );
  }

  #standalone({ text, path }: ConditionText, prefix: string, what: string): ExpressionSite | undefined {
    const scanned = scanExpressions(text, '0.10');
    const joined = scanned.ok ? joinParts(text, scanned.parts) : undefined;
    if (joined !== undefined && joined.template === undefined) return { text: joined, path };
    const kro = scanned.ok ? 'only standalone expressions are allowed' : scanned.message;
    const message = `each ${what} entry is one bare \${…} and nothing else`;
    const place = { path };
    const hint = text.endsWith('\n')
      ? 'the value ends with a newline: write the block with "|-"'
      : bareHint(text, '0.10');
    const finding = { code: 'graph/not-standalone', message, place, hint };
    this.#problems.error('build', `build node ${goQuote(this.#block.name)}: ${prefix}${kro}`, finding);
    return undefined;
  }
}

/**
 * Converts kro's message about an unusable kind in a definition (`kro`) into its message about such a kind in a Graph.
 */
function kindText(apiVersion: string, kind: string, kro: string): string {
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const type = `${group}/${version}, Kind=${kind}`;
  const mapping = /^failed to get REST mapping for resource .*?: (.*)$/s.exec(kro)?.[1];
  if (mapping !== undefined) return `rest mapping for ${type}: ${mapping}`;
  const schema = /^failed to get schema for resource .*?: (.*)$/s.exec(kro)?.[1];
  const unknown = `cannot resolve group version kind ${goQuote(type)}: schema not found`;
  return `resolve schema for ${type}: ${schema ?? unknown}`;
}

const SELECTOR_KEYS = new Set(['matchLabels', 'matchExpressions']);

/** The problems in the metadata of a ref. */
function refProblems(value: JsonObject): ManifestProblem[] {
  const given = valueAt(value, 'metadata');
  const metadata = isJsonObject(given) ? given : {};
  const name = valueAt(metadata, 'name');
  const isNamed = typeof name === 'string' && name.trim() !== '';
  if (isNamed === hasSelector(metadata)) {
    const message = isNamed
      ? 'a ref has either a name or a selector, not both'
      : 'a ref needs the name of an object, or a selector';
    const kro = 'ref: exactly one of name or selector must be provided';
    return [{ code: 'graph/external-metadata', kro, message, steps: ['metadata'] }];
  }
  return isNamed ? [] : selectorProblem(valueAt(metadata, 'selector'));
}

function selectorProblem(selector: JsonValue | undefined): ManifestProblem[] {
  const refuse = (kro: string, message: string, more: readonly PathStep[] = []): ManifestProblem[] => [
    { code: 'graph/external-selector', kro: `ref: ${kro}`, message, steps: ['metadata', 'selector', ...more] },
  ];
  const shape = 'a selector is an object with matchLabels or matchExpressions, or one bare ${…} that returns one';
  const shapeText =
    'metadata.selector must be a Kubernetes LabelSelector object (matchLabels and/or matchExpressions) or a single CEL expression that resolves to one';
  if (typeof selector === 'string') {
    const scanned = scanExpressions(selector, '0.10');
    if (!scanned.ok) return refuse(`metadata.selector: invalid expression: ${scanned.message}`, shape);
    const joined = joinParts(selector, scanned.parts);
    return joined !== undefined && joined.template === undefined ? [] : refuse(shapeText, shape);
  }
  if (!isJsonObject(selector)) return refuse(shapeText, shape);
  const malformed = (reason: string): string =>
    `metadata.selector is not a valid LabelSelector object (matchLabels: map of string to string, matchExpressions: list of {key, operator, values}): ${reason}`;
  const stray = Object.keys(selector).find((key) => !SELECTOR_KEYS.has(key));
  if (stray !== undefined) {
    return refuse(malformed(`json: unknown field ${goQuote(stray)}`), `a selector has no field "${stray}"`, [stray]);
  }
  const labels = valueAt(selector, 'matchLabels');
  const texts = isJsonObject(labels) ? Object.values(labels) : [];
  const wrongLabels = labels !== undefined && !isJsonObject(labels) && !isExpression(labels);
  if (wrongLabels || texts.some((text) => typeof text !== 'string')) {
    return refuse(
      malformed('json: cannot unmarshal into Go struct field LabelSelector.matchLabels of type string'),
      'matchLabels is a map of strings',
      ['matchLabels'],
    );
  }
  const rules = valueAt(selector, 'matchExpressions');
  if (rules !== undefined && !Array.isArray(rules) && !isExpression(rules)) {
    return refuse(
      malformed('json: cannot unmarshal into Go struct field LabelSelector.matchExpressions'),
      'matchExpressions is a list',
      ['matchExpressions'],
    );
  }
  if (holdsExpression(selector)) return [];
  return labelSelectorProblems(selector).flatMap(({ path, message }) =>
    refuse(
      `invalid label selector: [${formatPath(['metadata', 'selector', ...path])}: ${message}]`,
      `this is not a label selector: ${message}`,
      path,
    ),
  );
}

const isExpression = (value: JsonValue): boolean => typeof value === 'string' && value.includes('${');

function holdsExpression(value: JsonValue | undefined): boolean {
  if (typeof value === 'string') return value.includes('${');
  if (Array.isArray(value)) return value.some(holdsExpression);
  return isJsonObject(value) && Object.values(value).some(holdsExpression);
}
