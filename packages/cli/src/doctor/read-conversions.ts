import type { DefinitionRights } from '@typekro/controller/controller';
import { CRD_TYPE, DEFINITION_TYPE, REVISION_TYPE } from '@typekro/controller/controller';
import { formatApiVersion } from '@typekro/kit/core';
import { GraphObject, Nodes } from '@typekro/engine/graph';
import type { KubernetesApi } from '@typekro/kube';
import { asTexts, optionalAt, textAt, valueAt } from '@typekro/kit/kubernetes';
import { CrdSchema } from '@typekro/engine/schema';
import type { Conversion } from './cluster-facts.ts';
import { readWebhookTarget } from './read-webhook-target.ts';

interface ReadKind {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

/**
 * Reads the conversion webhooks of the controller's own kinds, and of the kinds of instances, children and external
 * objects.
 */
export async function readConversions(
  api: KubernetesApi,
  compiled: readonly DefinitionRights[],
  signal: AbortSignal,
): Promise<readonly Conversion[]> {
  const kinds = compiled.flatMap(({ graph }): ReadKind[] => [
    graph.instance,
    ...Nodes.typed(graph).map(({ type, plural }) => ({ group: type.group, version: type.version, plural })),
  ]);
  const byName = new Map<string, ReadKind>();
  for (const kind of [DEFINITION_TYPE, REVISION_TYPE, GraphObject.TYPE, ...kinds]) {
    // Kinds of the core group have no CRD, so they have no conversion webhook.
    if (kind.group !== '') byName.set(`${kind.plural}.${kind.group}/${kind.version}`, kind);
  }
  const found: Conversion[] = [];
  for (const kind of byName.values()) {
    const conversion = await readConversion(api, kind, signal);
    if (conversion !== undefined) found.push(conversion);
  }
  return found;
}

async function readConversion(
  api: KubernetesApi,
  { group, version, plural }: ReadKind,
  signal: AbortSignal,
): Promise<Conversion | undefined> {
  const name = `${plural}.${group}`;
  const crd = await api.find({ apiVersion: formatApiVersion(CRD_TYPE), kind: CRD_TYPE.kind, name }, { signal });
  const webhook = optionalAt(crd?.spec, 'conversion', 'webhook');
  if (webhook === undefined || textAt(crd?.spec, 'conversion', 'strategy') !== 'Webhook') return undefined;
  const storedVersions = asTexts(valueAt(crd?.status, 'storedVersions'));
  const served = crd === undefined ? [] : CrdSchema.versions(crd).filter((each) => each['served'] === true);
  const servedVersions = served.map((each) => textAt(each, 'name'));
  return { crd: name, version, storedVersions, servedVersions, target: await readWebhookTarget(api, webhook, signal) };
}
