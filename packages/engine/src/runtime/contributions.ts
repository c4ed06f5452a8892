import { type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { goJsonKind, goJsonSyntaxError, goQuote, goQuoteJson } from '@typekro/kit/golang';
import { type Graph, KroLevel } from '../graph/index.ts';
import { applySetIdOf } from './reports/applyset.ts';
import { patchManager } from './objects/field-managers.ts';
import { annotationOf } from './objects/identity.ts';
import { CONTRIBUTIONS_ANNOTATION } from './objects/keys.ts';

/** The id of the node that kro 0.10 adds to a graph for the author's status fields. */
export const STATUS_NODE = 'instance';

/**
 * The annotation that records into which objects the instance's graph writes fields without owning the objects. For a
 * ResourceGraphDefinition, the only such object is the instance itself: the graph writes the author's fields into its
 * status.
 */
export function contributionAnnotations(graph: Graph, instance: KubeObject): Readonly<Record<string, string>> {
  if (!KroLevel.followsGraphEngine(graph.kroCompatibility) || Object.keys(graph.status.skeleton).length === 0)
    return {};
  const { name = '', namespace } = instance.metadata;
  const members = [
    ['apiVersion', instance.apiVersion],
    ['kind', instance.kind],
    ...(namespace === undefined ? [] : [['namespace', namespace]]),
    ['name', name],
    ['subresource', 'status'],
    ['fieldManager', patchManager(applySetIdOf(instance), STATUS_NODE)],
  ].map(([key = '', value = '']) => `${goQuoteJson(key)}:${goQuoteJson(value)}`);
  return { [CONTRIBUTIONS_ANNOTATION]: `[{${members.join(',')}}]` };
}

/**
 * The reason why the recorded contributions cannot be read, in kro's words; undefined for a valid or absent record. If
 * the controller ignored an unreadable record, fields could remain in other objects. Until a user corrects the
 * annotation, the controller writes and prunes no child, and a deleted instance keeps its finalizer after its children
 * are gone.
 */
export function contributionsProblem(instance: KubeObject): string | undefined {
  const text = annotationOf(instance, CONTRIBUTIONS_ANNOTATION);
  if (text === undefined || text === '') return undefined;
  const problem = goJsonSyntaxError(text) ?? shapeProblem(JSON.parse(text) as JsonValue);
  return problem === undefined
    ? undefined
    : `unmarshal patch contributions from annotation ${goQuote(CONTRIBUTIONS_ANNOTATION)}: ${problem}`;
}

/** The fields of kro's record, keyed by the lower-case name. All values are strings. */
const RECORD_FIELDS: ReadonlyMap<string, string> = new Map(
  ['apiVersion', 'kind', 'namespace', 'name', 'subresource', 'fieldManager'].map((name) => [name.toLowerCase(), name]),
);

/**
 * Go's error for the first value that Go cannot decode into a list of records. As in Go, null fits every type, field
 * names match case-insensitively, and unknown fields may have any value.
 */
function shapeProblem(value: JsonValue): string | undefined {
  if (value === null) return undefined;
  if (!Array.isArray(value)) return `${cannotUnmarshal(value)} value of type []metadata.PatchContribution`;
  for (const entry of value) {
    if (entry === null) continue;
    if (!isJsonObject(entry)) return `${cannotUnmarshal(entry)} value of type metadata.PatchContribution`;
    for (const [key, member] of Object.entries(entry)) {
      const field = RECORD_FIELDS.get(key.toLowerCase());
      if (field === undefined || member === undefined || member === null || typeof member === 'string') continue;
      return `${cannotUnmarshal(member)} struct field PatchContribution.${field} of type string`;
    }
  }
  return undefined;
}

const cannotUnmarshal = (value: JsonValue): string => `json: cannot unmarshal ${goJsonKind(value)} into Go`;
