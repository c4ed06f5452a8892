/**
 * At the start of this server, adapts the objects that an earlier server has stored. That server may have had an
 * earlier version of Kubernetes.
 */
import { type KubeObject, jsonEquals } from '@typekro/kit/core';
import { objectAt } from '@typekro/kit/kubernetes';
import { reconciledBinding, reconciledRole } from './auth/reconcile-roles.ts';
import { type BootstrapContext, complete } from './bootstrap.ts';
import { timestampOf } from './cluster-clock.ts';
import { isSimulatedNode, NODE_NAME } from './controllers/nodes/simulated-node.ts';
import type { Registry } from './registry/registry.ts';
import { ROLE_KINDS, versionOf } from './release.ts';
import type { SnapshotCollection } from './snapshot.ts';
import { DecodeError } from './types/decode.ts';
import { strategyFor } from './verbs/strategy-for.ts';
import { redecode } from './verbs/write.ts';

/**
 * Converts the objects to the form that this version of Kubernetes has: removes fields that the version does not have,
 * and sets defaults of absent fields. The objects keep their resource versions. Custom resources are not changed.
 */
export function inThisRelease(registry: Registry, collections: readonly SnapshotCollection[]): SnapshotCollection[] {
  return collections.map((collection) => ({
    ...collection,
    items: collection.items.map((object) => readAgain(registry, object)),
  }));
}

function readAgain(registry: Registry, object: KubeObject): KubeObject {
  const resource = registry.findStoredKind(object);
  if (resource === undefined || resource.custom !== undefined) return object;
  try {
    const { value } = redecode(resource, object);
    strategyFor(resource).defaults?.(value);
    return jsonEquals(value, object) ? object : value;
  } catch (thrown) {
    // An object that cannot be decoded is kept unchanged. Clients get the error when they read it.
    if (thrown instanceof DecodeError) return object;
    throw thrown;
  }
}

/**
 * Adds missing default roles, bindings, rules and subjects, and sets the version of the cluster's own node. Writes only
 * objects that differ. Nodes that users created keep their versions, because tests use such nodes for kubelets of other
 * versions.
 */
export function adoptRelease(context: BootstrapContext): void {
  for (const plural of ROLE_KINDS) reconcileRoles(context, plural);
  const nodes = context.store.collection('', 'nodes');
  const node = nodes.get(NODE_NAME)?.object;
  const nodeInfo = objectAt(node?.status, 'nodeInfo');
  const kubeletVersion = versionOf(context.registry.release);
  if (node === undefined || !isSimulatedNode(node) || nodeInfo['kubeletVersion'] === kubeletVersion) return;
  nodes.put(NODE_NAME, { ...node, status: { ...node.status, nodeInfo: { ...nodeInfo, kubeletVersion } } });
}

function reconcileRoles(context: BootstrapContext, plural: (typeof ROLE_KINDS)[number]): void {
  const resource = context.registry.findAny('rbac.authorization.k8s.io', plural);
  if (resource === undefined) return;
  const reconciled = plural.endsWith('bindings') ? reconciledBinding : reconciledRole;
  for (const value of context.registry.release.defaultRoles(plural)) {
    const { kind, apiVersion } = resource;
    const added = { kind, apiVersion, ...value, metadata: { ...objectAt(value, 'metadata') } } as KubeObject;
    const { key, object: expected } = complete(context, added, timestampOf(context.clock));
    const stored = resource.collection.get(key)?.object;
    const next = stored === undefined ? expected : reconciled(stored, expected);
    if (next === stored) continue;
    // A binding to another role is replaced by a new object, because `roleRef` is immutable.
    if (next === expected && stored !== undefined) resource.collection.remove(key);
    resource.collection.put(key, next);
  }
}
