import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { asTexts, countAt, numberAt, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import type { StandInView } from '../../../stand-in.ts';
import { labelSelectorMatcher } from '../../../kinds/selects.ts';
import { GROUP, referenceOf, ROUTE_PROTOCOLS } from './names.ts';

/** The gateway listeners that accept a route, and the reason why they accept or refuse it. */
export interface Attachment {
  readonly listeners: readonly string[];
  /** The reason of the condition `Accepted`. */
  readonly reason: string;
}

/** The references of a route to gateways. */
export function parentsOf(route: KubeObject): readonly JsonObject[] {
  const { namespace = '' } = route.metadata;
  return objectsAt(route.spec, 'parentRefs').filter((value) => {
    const { group, kind } = referenceOf(value, { group: GROUP, kind: 'Gateway', namespace });
    return group === GROUP && kind === 'Gateway';
  });
}

/**
 * Attaches a route to the listeners of a gateway. With `parent`, only this parent reference counts. Without `parent`,
 * all of the route's references to this gateway count.
 */
export function attachment(route: KubeObject, gateway: KubeObject, view: StandInView, parent?: JsonObject): Attachment {
  const { namespace = '' } = route.metadata;
  const parents = (parent === undefined ? parentsOf(route) : [parent]).filter((value) => {
    const reference = referenceOf(value, { group: GROUP, kind: 'Gateway', namespace });
    return reference.name === gateway.metadata.name && reference.namespace === gateway.metadata.namespace;
  });
  const matching = objectsAt(gateway.spec, 'listeners').filter((listener) =>
    parents.some((value) => isNamed(value, listener)),
  );
  if (matching.length === 0) return { listeners: [], reason: 'NoMatchingParent' };
  const allowing = matching.filter((listener) => isAllowed(route, gateway, listener, view));
  if (allowing.length === 0) return { listeners: [], reason: 'NotAllowedByListeners' };
  const fitting = allowing.filter((listener) => hasCommonHostname(route, listener));
  if (fitting.length === 0) return { listeners: [], reason: 'NoMatchingListenerHostname' };
  return { listeners: fitting.map((listener) => textAt(listener, 'name')), reason: 'Accepted' };
}

function isNamed(parent: JsonObject, listener: JsonObject): boolean {
  const section = textAt(parent, 'sectionName');
  const port = numberAt(parent, 'port');
  return (
    (section === '' || section === textAt(listener, 'name')) &&
    (port === undefined || port === countAt(listener, 'port'))
  );
}

/** Does the listener accept routes of this kind from this namespace? */
function isAllowed(route: KubeObject, gateway: KubeObject, listener: JsonObject, view: StandInView): boolean {
  const kinds = objectsAt(listener, 'allowedRoutes', 'kinds');
  const isKind =
    kinds.length === 0
      ? ROUTE_PROTOCOLS[route.kind]?.includes(textAt(listener, 'protocol')) === true
      : kinds.some((each) => each['kind'] === route.kind);
  if (!isKind) return false;
  const { namespace = '' } = route.metadata;
  const from = textAt(listener, 'allowedRoutes', 'namespaces', 'from') || 'Same';
  if (from === 'All') return true;
  if (from === 'Same') return namespace === gateway.metadata.namespace;
  if (from !== 'Selector') return false;
  const labels = view.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace })?.metadata.labels ?? {};
  return labelSelectorMatcher(objectAt(listener, 'allowedRoutes', 'namespaces', 'selector'))(labels);
}

/**
 * Does the route have a hostname that the listener serves? A route or listener without hostnames matches all hostnames.
 */
function hasCommonHostname(route: KubeObject, listener: JsonObject): boolean {
  const served = textAt(listener, 'hostname');
  const wanted = asTexts(route.spec?.['hostnames']);
  return served === '' || wanted.length === 0 || wanted.some((host) => covers(served, host) || covers(host, served));
}

/** Does the hostname `pattern`, which may begin with `*.`, match the hostname `host`? */
function covers(pattern: string, host: string): boolean {
  if (pattern === host) return true;
  return pattern.startsWith('*.') && host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1;
}
