import {
  type JsonObject,
  type JsonValue,
  type KubeObject,
  count,
  stringifyJson,
  tryParseJson,
} from '@typekro/kit/core';
import { Conversion } from '@typekro/engine/conversion';
import { type Graph, InstanceCrd, revisionHash } from '@typekro/engine/graph';
import {
  type DefinitionPreview,
  type DefinitionPreviewInput,
  instanceKey,
  SERVER_DEFAULTS,
} from '@typekro/controller/controller';
import { changedFields } from '@typekro/sdk/deploy';
import { objectsAt, textAt, valueAt } from '@typekro/kit/kubernetes';
import { goJson } from '@typekro/kit/golang';
import {
  type ComparedFacets,
  CrdSchema,
  type Schema,
  type SchemaChange,
  StructuralSchema,
} from '@typekro/engine/schema';
import { maskedValue } from '../instance/masked-value.ts';
import { resourcesById } from '../instance/revision-difference.ts';
import type { DefinitionPlan, NodeLine, PlanAction, SchemaLine, ValueLine } from '@typekro/controller/inspect';
import { Secrets } from '@typekro/engine/runtime';
import { lacksField, schemaOfField, setsField, valuesOfField } from './schema-fields.ts';
import { valueLine } from './value-lines.ts';
import { changeNotes, conversionLines, versionNotes } from './version-lines.ts';

/** The inputs of the plan of one definition. */
export interface DefinitionPlanInput extends Pick<
  DefinitionPreviewInput,
  'graph' | 'object' | 'crd' | 'instances' | 'stored'
> {
  readonly place: string;
  /** The definition in the cluster, or `undefined` when it does not exist. */
  readonly live: KubeObject | undefined;
  /** True when the definition in the cluster could not be read. */
  readonly unread?: true;
  /** The number of instances from which the canary selects. Default: all of `instances`. */
  readonly candidates?: number;
  readonly preview: Pick<DefinitionPreview, 'before' | 'revision' | 'refusal' | 'rollout'> &
    Partial<Pick<DefinitionPreview, 'effects'>>;
  /** Does a field of an instance feed only Secrets before the change? Default: no field does. */
  readonly hiddenBefore?: (path: string) => boolean;
  /** The schema keywords that the comparison covers in addition to those of kro 0.9. */
  readonly facets: ComparedFacets;
}

const NOTHING_SECRET = (): boolean => false;

/** Compares a definition with the cluster: schema, nodes, policies, revision. */
export function definitionPlan(input: DefinitionPlanInput): DefinitionPlan {
  const { place, graph, live, object, crd, preview, instances, candidates = instances.length, unread } = input;
  const { rollout, refusal, revision } = preview;
  const [liveSpec, after] = [live?.spec, object.spec ?? {}];
  // The spec in the cluster has no revision if the controller refuses it. The apply takes it back.
  const isTakenBack = revision.from === revision.to && liveSpec !== undefined;
  const before = isTakenBack ? liveSpec : (preview.before ?? liveSpec);
  const other = [...annotationLines(live, object), ...(before === undefined ? [] : statusLines(before, after))];
  const isNew = before === undefined && unread === undefined;
  const nodes = isNew ? graph.order.map((id) => newNode(graph, id)) : nodeLines(before ?? after, after);
  const { effects } = preview;
  const schema = [...schemaLines(input), ...(before === undefined ? [] : conversionLines(before, after, effects))];
  // What the CRD in the cluster does not have, because the controller has refused it, has no line yet.
  const isShown = other.length + nodes.length + schema.length > 0;
  if (before !== undefined && !isShown) other.push(...specLines(before, after, hiddenIn(input)));
  const isChanged = isShown || other.length > 0 || revision.from !== revision.to;
  const action: PlanAction | 'none' =
    unread !== undefined ? 'change' : live === undefined ? 'create' : isChanged ? 'change' : 'none';
  return {
    name: graph.name,
    kind: graph.instance.kind,
    place,
    action,
    ...(unread === undefined ? {} : { unread }),
    revision,
    schema,
    nodes,
    other,
    ...(refusal === undefined ? {} : { refusal }),
    ...(rollout === undefined
      ? {}
      : { canary: { instances: [...rollout.members].sort(), of: candidates, phase: rollout.phase } }),
    notes: [
      ...(crd === undefined ? [] : versionNotes(crd, graph.instance.crd, input.stored ?? instances)),
      ...(refusal === undefined ? changeNotes(effects) : []),
    ],
  };
}

function newNode(graph: Graph, id: string): NodeLine {
  return { change: 'added', id, kind: graph.nodes.get(id)?.type?.kind ?? '', fields: [] };
}

function schemaLines(input: DefinitionPlanInput): SchemaLine[] {
  const { crd, graph, instances, stored = instances, preview, facets } = input;
  if (crd === undefined) return [];
  // The controller may still be removing a version that an earlier apply has removed.
  const isApplied = preview.revision.from === preview.revision.to;
  const wanted = isApplied ? Conversion.continuing(crd, graph.instance.crd) : graph.instance.crd;
  const compared = InstanceCrd.compare(crd, wanted, facets, graph);
  if ('error' in compared) return [];
  const leaving = preview.before === undefined ? [] : leavingVersions(crd, preview.before);
  const hub = hubLine(crd, wanted, stored.length);
  const changes = [...compared.breaking, ...compared.nonBreaking].filter(
    (change) => change.type !== 'DESCRIPTION_CHANGED' && !leaving.includes(change.path) && !isDerivedDefault(change),
  );
  const isHidden = hiddenIn(input);
  const shown: ShownDefault = (value, field) => stringifyJson(maskedValue(value, field.replaceAll('[]', ''), isHidden));
  const lines = changes
    .map((change) => {
      const { version } = change;
      const seen = version === undefined ? instances : seenIn(crd, version, stored);
      return schemaLine(change, seen, { before: crd, after: graph.instance.crd, shown });
    })
    .filter(({ breaking, field }) => breaking || !field.startsWith('status.'));
  return [...hub, ...lines];
}

/** Does a field of an instance feed only Secrets, before or after the change? */
function hiddenIn({ graph, hiddenBefore }: DefinitionPlanInput): (path: string) => boolean {
  const { hides } = Secrets.specOf(graph);
  return (path) => hides(path) || hiddenBefore?.(path) === true;
}

/** The changes between two specs of a definition, with masks for what can be the value of a Secret. */
function specLines(before: JsonObject, after: JsonObject, isHidden: (path: string) => boolean): ValueLine[] {
  if (revisionHash(before) === revisionHash(after)) return [];
  return changedFields(before, after).flatMap((change) => {
    const { path, from = DEFAULTS.get(path), to = DEFAULTS.get(path) } = change;
    if (from === to) return [];
    return valueLine(change, () => path === 'schema.spec' || isHidden(path.replace(/^schema\./, '')));
  });
}

const DEFAULTS: ReadonlyMap<string, JsonValue> = new Map(
  Object.entries(SERVER_DEFAULTS).map(([field, value]) => [`schema.${field}`, value]),
);

/** The change of the stored version of a CRD with conversions. */
function hubLine(crd: KubeObject, wanted: KubeObject, objects: number): SchemaLine[] {
  const [from, to] = [crd, wanted].map(Conversion.storedVersion);
  if (from === to || !Conversion.isIn(wanted)) return [];
  const description = `stored version: ${from} → ${to}; ${count(objects, 'object')} ${objects === 1 ? 'is' : 'are'} written again`;
  return [{ change: 'changed', field: `version.${to}`, description, breaking: false, setBy: [] }];
}

/** The paths of the versions that an earlier change has removed, and that the controller is still taking out of the CRD. */
function leavingVersions(crd: KubeObject, before: JsonObject): string[] {
  const others = objectsAt(before, 'schema', 'versions').map((version) => textAt(version, 'name'));
  const names = [textAt(before, 'schema', 'apiVersion'), ...others];
  const all = CrdSchema.versions(crd).map((version) => textAt(version, 'name'));
  return all.filter((name) => !names.includes(name)).map((name) => `version.${name}`);
}

/** Has an object the default `{}` only because its members have defaults? Their lines say what changes. */
const isDerivedDefault = ({ type, old, new: next }: SchemaChange): boolean =>
  type === 'DEFAULT_CHANGED' && [old, next].every((text) => text === '' || text === '{}');

/** The instances as a version shows them, without those that it cannot show. */
function seenIn(crd: KubeObject, version: string, stored: readonly KubeObject[]): KubeObject[] {
  const apiVersion = `${textAt(crd.spec, 'group')}/${version}`;
  return stored.flatMap((instance) => Conversion.shownIn(crd, instance, apiVersion) ?? []);
}

/** Prints the default of a field, with masks for the values of Secrets. */
type ShownDefault = (value: JsonValue, field: string) => string;

function schemaLine(
  change: SchemaChange,
  instances: readonly KubeObject[],
  { before, after, shown }: { readonly before: KubeObject; readonly after: KubeObject; readonly shown: ShownDefault },
): SchemaLine {
  const { type, breaking, version } = change;
  const field = InstanceCrd.fieldOfChange(change);
  const kind = type === 'PROPERTY_ADDED' ? 'added' : type === 'PROPERTY_REMOVED' ? 'removed' : 'changed';
  const [schemaBefore, schemaAfter] = [before, after].map((crd) => schemaOfField(crd, field, version));
  const described =
    kind === 'changed' ? undefined : describeType(kind === 'added' ? schemaAfter : schemaBefore, field, shown);
  const [old, next] = [change.old, change.new].map((text) =>
    text === '' ? '' : shown(tryParseJson(text) ?? text, field),
  );
  const changed = type === 'DEFAULT_CHANGED' ? `Default value was changed from ${old} to ${next}` : change.description;
  const text = (described ?? changed).replace(/ from (?= to )/, ' from none').replace(/ to $/, ' to none');
  const isNamed = version === undefined || text === change.description;
  const line = { change: kind, field, description: isNamed ? text : `${version}: ${text}`, breaking } as const;
  if (!field.startsWith('spec.')) return { ...line, setBy: [] };
  const named = (concerned: (instance: KubeObject) => boolean): string[] =>
    instances.filter(concerned).map((instance) => instanceKey(instance).replace(/^\//, ''));
  if (breaking && REQUIRES_VALUE.has(type)) {
    // If the field has a default, the server fills it in, and no instance lacks the field.
    const lacks = (each: KubeObject) => lacksField(each, field, schemaBefore?.default);
    return { ...line, setBy: [], lackedBy: schemaAfter?.default === undefined ? named(lacks) : [] };
  }
  if (kind === 'added') return { ...line, setBy: [] };
  const schema = breaking && kind === 'changed' ? schemaAfter : undefined;
  const isBroken =
    schema === undefined || StructuralSchema.hasRules(schema)
      ? (each: KubeObject) => setsField(each, field, schemaBefore?.default)
      : (each: KubeObject) => valuesOfField(each, field).some((value) => breaksValue(change, schema, value));
  return { ...line, setBy: named(isBroken) };
}

/** Does a breaking change of a field's schema make a value invalid? Each removed value of an enum is a change. */
function breaksValue({ type, old }: SchemaChange, schema: Schema, value: JsonValue): boolean {
  return type === 'ENUM_RESTRICTED' ? goJson(value) === old : StructuralSchema.validate(schema, value).length > 0;
}

/** The breaking changes that make a field required, so they break the instances that lack the field. */
const REQUIRES_VALUE: ReadonlySet<SchemaChange['type']> = new Set([
  'PROPERTY_ADDED',
  'REQUIRED_ADDED',
  'REQUIRED_DEFAULT_REMOVED',
]);

/** Returns the type of a field in SimpleSchema notation: `integer | default=3`. */
const describeType = ({ type, default: value }: Schema = {}, field: string, shown: ShownDefault): string | undefined =>
  type === undefined || value === undefined ? type : `${type} | default=${shown(value, field)}`;

function kindOf(resource: JsonObject | undefined): string {
  return textAt(resource, 'template', 'kind') || textAt(resource, 'externalRef', 'kind');
}

function nodeLines(before: JsonObject, after: JsonObject): NodeLine[] {
  const [old, next] = [resourcesById(before), resourcesById(after)];
  const lines: NodeLine[] = [];
  for (const [id, resource] of next) {
    const former = old.get(id);
    if (former === undefined) lines.push({ change: 'added', id, kind: kindOf(resource), fields: [] });
    else {
      const fields = changesOf(former, resource).map((line) => ({
        ...line,
        path: line.path.replace(/^template\./, ''),
      }));
      if (fields.length > 0) lines.push({ change: 'changed', id, kind: kindOf(resource), fields });
    }
  }
  for (const [id, resource] of old) {
    if (!next.has(id)) lines.push({ change: 'removed', id, kind: kindOf(resource), fields: [] });
  }
  return lines;
}

/** Must the literal at this path of a Secret's node be hidden? */
const hidesInTemplate = (path: string): boolean =>
  /^template(?:\.|$)/.test(path) && Secrets.hides(path.replace(/^template\.?/, ''));

function changesOf(before: JsonObject, after: JsonObject): ValueLine[] {
  const isSecret = [before, after].some((each) => kindOf(each) === 'Secret');
  return changedFields(before, after).map((change) => valueLine(change, (path) => isSecret && hidesInTemplate(path)));
}

/** Returns the changes of the definition's block `status`. */
function statusLines(before: JsonObject, after: JsonObject): ValueLine[] {
  const [old, next] = [valueAt(before, 'schema', 'status'), valueAt(after, 'schema', 'status')];
  return changedFields(old, next, 'status').map((change) => valueLine(change, NOTHING_SECRET));
}

/** The prefixes of annotations that set policies. */
const POLICY = /^(?:typekro\.dev|kro\.run)\//;

function annotationLines(live: KubeObject | undefined, object: KubeObject): ValueLine[] {
  if (live === undefined) return [];
  const policies = ({ metadata }: KubeObject): JsonObject =>
    Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([key]) => POLICY.test(key)));
  return changedFields(policies(live), policies(object), 'annotations').map((change) =>
    valueLine(change, NOTHING_SECRET),
  );
}
