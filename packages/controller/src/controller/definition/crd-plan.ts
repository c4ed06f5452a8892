import { type JsonObject, type KubeObject, definedMembers, isJsonObject, jsonEquals, listed } from '@typekro/kit/core';
import { asObject, listAt, objectAt, textAt } from '@typekro/kit/kubernetes';
import { Conversion } from '@typekro/engine/conversion';
import { type ConversionAddress, conversionOf } from '../conversions/conversion-address.ts';
import type { DefinitionObject } from './definition-object.ts';
import { readPolicies } from './definition-policies.ts';
import { ALLOW_BREAKING_CHANGES } from '@typekro/engine/graph';
import { keys, ObjectLabels } from '@typekro/engine/runtime';

/** The next write of a definition's CRD, or the reason why the CRD must not be written. */
export type CrdPlan =
  | { readonly do: 'nothing' }
  | { readonly do: 'create'; readonly crd: KubeObject }
  | { readonly do: 'patch'; readonly body: JsonObject }
  /** With `mayPass`, no event reports the end of the cause. With `leaving`, it ends when these versions leave the CRD. */
  | { readonly do: 'refuse'; readonly message: string; readonly mayPass?: true; readonly leaving?: readonly string[] };

/** A change of a schema that can break stored objects or clients. */
export interface BreakingChange {
  /** The path of the field in an instance, such as `spec.replicas`. */
  readonly field: string;
  readonly description: string;
}

/** How the live CRD differs from the wanted one. */
export interface CrdDifference {
  /** Must the CRD be written? */
  readonly changed: boolean;
  /** kro's descriptions of breaking changes, with their fields. */
  readonly breaking: readonly BreakingChange[];
  /** The reason why the CRDs cannot be compared; `undefined` when they can. */
  readonly error?: string;
}

/** The maximum number of breaking changes that a message describes, as in kro. The message counts the others. */
const MAX_NAMED_CHANGES = 3;

/** The maximum number of fields in a message. The message must fit in a condition. */
const MAX_NAMED_FIELDS = 30;

/**
 * The graph's CRD with the labels that name its owner. A CRD with several versions also gets the address of its
 * conversions. With `existing`, the versions that leave the live CRD stay in it.
 */
export function ownedCrd(
  graphCrd: KubeObject,
  definition: DefinitionObject,
  version: string,
  conversions?: ConversionAddress,
  existing?: KubeObject,
): KubeObject {
  const crd = existing === undefined ? graphCrd : Conversion.continuing(existing, graphCrd);
  return {
    ...crd,
    ...(conversions !== undefined && Conversion.isIn(crd)
      ? { spec: { ...crd.spec, conversion: conversionOf(crd, conversions) } }
      : {}),
    metadata: {
      ...crd.metadata,
      labels: {
        ...crd.metadata.labels,
        [keys.OWNED_LABEL]: 'true',
        [keys.VERSION_LABEL]: keys.versionLabel(version),
        [keys.DEFINITION_ID_LABEL]: definition.uid,
        [keys.DEFINITION_NAME_LABEL]: definition.name,
      },
    },
  };
}

/**
 * Decides the next write of the CRD. Creates a missing CRD. Refuses when the CRD has another owner, when the CRDs
 * cannot be compared, when a breaking change is not allowed by the definition, and when the CRD has several versions and
 * the controller serves no conversions. Leaves a CRD that equals the wanted one unchanged. Updates any other CRD.
 */
export function planCrd(
  existing: KubeObject | undefined,
  wanted: KubeObject,
  definition: DefinitionObject,
  difference: CrdDifference,
  servesConversions = true,
): CrdPlan {
  const name = wanted.metadata.name ?? '';
  if (!servesConversions && Conversion.isIn(wanted))
    return { do: 'refuse', message: `cannot write CRD ${name}: ${NO_CONVERSIONS}` };
  if (existing === undefined) return { do: 'create', crd: wanted };
  const conflict = ownerConflict(existing, definition.name);
  if (conflict !== undefined) return { do: 'refuse', message: `failed to update CRD ${name}: ${conflict}` };
  if (difference.error !== undefined) {
    return { do: 'refuse', message: `failed to update CRD ${name}: ${difference.error}` };
  }
  const removed = Conversion.hasSameHub(existing, wanted) ? [] : Conversion.leavingVersions(existing, wanted);
  const served = removed.find((version) => version['served'] === true);
  if (served !== undefined) return { do: 'refuse', message: notRemovable(name, textAt(served, 'name')) };
  const [hub, nextHub] = [existing, wanted].map(Conversion.storedVersion);
  const holder = hub === nextHub || !Conversion.isIn(wanted) ? undefined : holderOf(definition);
  if (holder !== undefined)
    return {
      do: 'refuse',
      message:
        `cannot update CRD ${name}: objects would be stored in ${nextHub}, and ${holder} would hold instances on a revision that reads ${hub}; ` +
        'remove it for this change, and add it again when all objects are stored in the new hub',
    };
  if (difference.breaking.length > 0 && !definition.allowBreakingChanges) {
    const summary = summarize(difference.breaking);
    return { do: 'refuse', message: `cannot update CRD ${name}: breaking changes detected: ${summary}` };
  }
  if (removed.length > 0) {
    const leaving = removed.map((version) => textAt(version, 'name'));
    return { do: 'refuse', message: stillLeaving(name, leaving), mayPass: true, leaving };
  }
  const sameNames = jsonEquals(namesOf(existing), namesOf(wanted));
  if (!difference.changed && sameNames) return { do: 'nothing' };
  return patchTo(existing, wanted);
}

/** The policy of a definition that holds new revisions back from instances. */
function holderOf({ object, spec }: DefinitionObject): string | undefined {
  if (readPolicies(object).canary !== undefined) return 'the annotation typekro.dev/canary';
  return listAt(spec, 'propagateWhen').length > 0 ? 'propagateWhen' : undefined;
}

const NO_CONVERSIONS =
  'it has several versions, and this controller serves no conversions between them; ' +
  'start the controller with --conversion-service=NAMESPACE/NAME';

/** The conversions of a version that leaves are those between it and the present hub. */
const notRemovable = (name: string, version: string): string =>
  `cannot update CRD ${name}: the version ${version} cannot be removed in the change that makes another version the hub; ` +
  'keep it as an entry of versions, with rules to the new hub and back, and remove it when all objects are stored in the new hub';

const stillLeaving = (name: string, versions: readonly string[]): string =>
  `cannot update CRD ${name} yet: ${versions.join(', ')} must leave it first, ` +
  'because its conversions lead to the present hub; the controller removes it when no object needs it, and then updates the CRD';

/** The reason why this definition does not own the CRD; `undefined` when it does. */
export function ownerConflict(crd: KubeObject, definition: string): string | undefined {
  if (!ObjectLabels.isOwned(crd)) return 'CRD already exists and is not owned by KRO';
  const labels = crd.metadata.labels ?? {};
  const label = keys.DEFINITION_NAME_LABEL;
  const owner = Object.hasOwn(labels, label) ? labels[label] : undefined;
  return owner === definition ? undefined : `CRD is owned by another ResourceGraphDefinition ${owner ?? ''}`;
}

/** kro's summary, and two additions to it: the fields, and the way to allow the change. */
function summarize(breaking: readonly BreakingChange[]): string {
  const named = breaking.slice(0, MAX_NAMED_CHANGES).map(({ description }) => description);
  const more = breaking.length - MAX_NAMED_CHANGES;
  const summary = [...named, ...(more > 0 ? [`and ${more} more changes`] : [])].join('; ');
  const fields = [...new Set(breaking.map(({ field }) => field))];
  const list = listed(fields, MAX_NAMED_FIELDS, ', ', ', ');
  return `${summary} (${fields.length === 1 ? 'field' : 'fields'} ${list}; ${ALLOW_BREAKING_REMEDY})`;
}

/** The remedy for a breaking change. */
export const ALLOW_BREAKING_REMEDY = `to allow it, set the annotation ${ALLOW_BREAKING_CHANGES}: "true" on the definition`;

/** The compared names of a CRD. An absent list of short names or categories equals an empty one. */
function namesOf(crd: KubeObject): JsonObject {
  const names = isJsonObject(crd.spec?.['names']) ? crd.spec['names'] : {};
  const { kind = null, plural = null, singular = null, listKind = null, shortNames = [], categories = [] } = names;
  return { kind, plural, singular, listKind, shortNames, categories };
}

/** A merge patch to this webhook, also from one with another kind of address. */
function webhookPatch(conversion: JsonObject): JsonObject {
  const webhook = objectAt(conversion, 'webhook');
  const clientConfig = { service: null, url: null, caBundle: null, ...objectAt(webhook, 'clientConfig') };
  return { ...conversion, webhook: { ...webhook, clientConfig } };
}

/** The plan that makes the existing CRD the wanted one. */
export function patchTo(existing: KubeObject, wanted: KubeObject): CrdPlan {
  const { group = null, scope = null, versions = null } = wanted.spec ?? {};
  const names = isJsonObject(wanted.spec?.['names']) ? wanted.spec['names'] : {};
  const { labels = {}, annotations: declared = {} } = wanted.metadata;
  // A merge patch removes a member only by null.
  const isConverted = existing.metadata.annotations?.[Conversion.ANNOTATION] !== undefined;
  const annotations = isConverted ? { [Conversion.ANNOTATION]: null, ...declared } : declared;
  const none = isConverted ? { conversion: { strategy: 'None', webhook: null } } : {};
  const { conversion } = wanted.spec ?? {};
  const body = {
    metadata: {
      // With the resourceVersion of the compared CRD, an outdated plan gets a conflict.
      ...definedMembers({ resourceVersion: existing.metadata.resourceVersion }),
      labels,
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    spec: {
      group,
      scope,
      versions,
      ...(conversion === undefined ? none : { conversion: webhookPatch(asObject(conversion)) }),
      names: { shortNames: null, categories: null, ...names },
    },
  };
  return { do: 'patch', body };
}
