import { type JsonObject, isLoopbackHost, parseApiVersion } from '@typekro/kit/core';
import { describeInputPlace, type InputObject } from '@typekro/app/plan';
import { type Graph, Nodes } from '@typekro/engine/graph';
import { valueAtSteps } from '@typekro/engine/schema';
import { type WrittenObject, at, entriesAt, manifestsOf, podPath } from '../inputs/manifest.ts';

/** Kinds whose webhooks an API server calls. */
const WITH_WEBHOOKS: ReadonlySet<string> = new Set(['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration']);

/** The annotation of pods that run as processes of this machine. */
const RUN = 'typekro.dev/run';

/**
 * Returns warnings about webhooks that the embedded cluster cannot reach, in the files and in the templates of
 * definitions. Policies need no warning, because the cluster enforces them. If a pod in the files runs as a process of
 * this machine, any Service can lead to it, so webhooks with a Service get no warning.
 */
export function withoutEffect(objects: readonly InputObject[], graphs: readonly Graph[]): readonly string[] {
  const warningsOf = (what: string, object: JsonObject) => warnings(what, object, manifestsOf(objects).some(isProcess));
  const given = objects.flatMap((input) => {
    const { apiVersion, kind, metadata } = input.object;
    const what = `${describeInputPlace(input)}: ${kind} ${metadata.name ?? ''}`;
    return hasWebhooks(parseApiVersion(apiVersion).group, kind) ? warningsOf(what, input.object) : [];
  });
  const made = graphs.flatMap(({ name, nodes }) =>
    Nodes.typed({ nodes })
      .filter(({ type }) => hasWebhooks(type.group, type.kind))
      .flatMap(({ id, type, template }) => warningsOf(`${type.kind} "${id}" of ${name}`, template.skeleton)),
  );
  return [...given, ...made];
}

function hasWebhooks(group: string, kind: string): boolean {
  return group === 'admissionregistration.k8s.io' && WITH_WEBHOOKS.has(kind);
}

function isProcess(manifest: WrittenObject): boolean {
  const pod = podPath(manifest);
  return pod !== undefined && at(manifest.object, ...pod, 'metadata', 'annotations', RUN) === 'process';
}

/** Makes one warning for an object, about all of its webhooks that the cluster cannot reach. */
function warnings(what: string, object: JsonObject, reachesServices: boolean): string[] {
  const servers = new Set(
    entriesAt(object, 'webhooks').flatMap(({ entry }) => farServer(entry, reachesServices) ?? []),
  );
  if (servers.size === 0) return [];
  return [
    `warning: ${what} calls ${[...servers].join(', ')}, and this cluster calls webhooks on this machine only; when a webhook does not respond, its failurePolicy decides about the write\n  hint: let the server of the webhook run as a process (docs/embedded-cluster.md), or try it on a cluster with a real API server`,
  ];
}

/**
 * Returns the server of a webhook. Returns undefined if the server can be on this machine, or if an expression computes
 * the server.
 */
function farServer(webhook: JsonObject, reachesServices: boolean): string | undefined {
  const [url, name, namespace] = [['url'], ['service', 'name'], ['service', 'namespace']].map((path) =>
    valueAtSteps(webhook, ['clientConfig', ...path]),
  );
  if (typeof url === 'string') return URL.canParse(url) && !isLoopbackHost(new URL(url).hostname) ? url : undefined;
  const isService = typeof name === 'string' && typeof namespace === 'string';
  return isService && !reachesServices ? `the Service ${namespace}/${name}` : undefined;
}
