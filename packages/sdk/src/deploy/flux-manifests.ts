import { readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { KubeObject } from '@typekro/kit/core';
import {
  formatDiagnostic,
  isJsonObject,
  pathOfFileUrl,
  readRegularFile,
  readUserFile,
  TypeKroError,
} from '@typekro/kit/core';
import type { RuntimeSettings } from '../factories/index.ts';
import { parseDefinitions } from '@typekro/engine/graph';

/** The namespace in Flux's own manifests. */
const FLUX_NAMESPACE = 'flux-system';

/** The URL of `install.yaml` in a release of Flux on GitHub. */
export function releaseAddress(version: string): string {
  return `https://github.com/fluxcd/flux2/releases/download/${encodeURIComponent(version)}/install.yaml`;
}

/**
 * Reads Flux's manifests from a URL, a file or a folder, and moves them to a namespace. Keeps, drops or rewrites the
 * binding to `cluster-admin`, depending on the settings.
 *
 * @throws TypeKroError `bootstrap/manifests-unreachable` when the download fails or the path does not exist,
 * `bootstrap/manifests-invalid` when the content is not YAML of Kubernetes objects.
 */
export async function fluxManifests(
  from: string,
  settings: RuntimeSettings,
  namespace: string,
  signal: AbortSignal,
): Promise<KubeObject[]> {
  const texts = /^https?:\/\//.test(from) ? [[from, await download(from, signal)] as const] : await readFiles(from);
  const objects = texts.flatMap(([name, text]) => objectsIn(name, text));
  if (objects.length === 0) throw invalid(from, 'they contain no object');
  return objects.flatMap((object) => withRights(moved(object, namespace), settings));
}

async function download(address: string, signal: AbortSignal): Promise<string> {
  try {
    const answer = await fetch(address, { signal, redirect: 'follow' });
    if (!answer.ok) throw unreachable(address, `the response is ${answer.status} ${answer.statusText}`);
    return await answer.text();
  } catch (error) {
    if (error instanceof TypeKroError) throw error;
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw unreachable(address, cause instanceof Error ? cause.message : String(cause), error);
  }
}

async function readFiles(from: string): Promise<(readonly [string, string])[]> {
  const path = from.startsWith('file:') ? pathOfFileUrl(from) : from;
  if (path === undefined) throw unreachable(from, 'the URL does not name a file of this machine');
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw unreachable(path, 'there is no such file or folder');
  if (!found.isDirectory()) return [[path, (await readUserFile(path)).toString()]];
  return readdirSync(path)
    .sort()
    .filter((name) => ['.yaml', '.yml', '.json'].includes(extname(name).toLowerCase()))
    .map((name) => [name, readRegularFile(join(path, name)).toString()]);
}

function unreachable(from: string, why: string, cause?: unknown): TypeKroError {
  return new TypeKroError(`the manifests of Flux cannot be read from ${from}: ${why}`, {
    code: 'bootstrap/manifests-unreachable',
    remedy: 'pass manifestsFrom with an address, file or folder that this machine can read',
    ...(cause === undefined ? {} : { cause }),
  });
}

function invalid(from: string, why: string): TypeKroError {
  return new TypeKroError(`the manifests of Flux in ${from} cannot be used: ${why}`, {
    code: 'bootstrap/manifests-invalid',
    remedy: 'pass manifestsFrom with the install.yaml of a Flux release',
  });
}

function objectsIn(name: string, text: string): KubeObject[] {
  const { documents, diagnostics } = parseDefinitions(text, name);
  const error = diagnostics.find(({ severity }) => severity === 'error');
  if (error !== undefined) throw invalid(name, formatDiagnostic(error));
  return documents.map(({ value }) => {
    const metadata = isJsonObject(value) ? value['metadata'] : undefined;
    const named = isJsonObject(metadata) && typeof metadata['name'] === 'string';
    if (
      !isJsonObject(value) ||
      typeof value['apiVersion'] !== 'string' ||
      typeof value['kind'] !== 'string' ||
      !named
    ) {
      throw invalid(name, 'a document is not an object with apiVersion, kind and a name');
    }
    return value as KubeObject;
  });
}

/**
 * Replaces `flux-system` by `namespace` in every string of an object, including URLs, arguments and subjects. A
 * CustomResourceDefinition is not changed.
 */
function moved(object: KubeObject, namespace: string): KubeObject {
  if (namespace === FLUX_NAMESPACE || object.kind === 'CustomResourceDefinition') return object;
  const change = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replaceAll(FLUX_NAMESPACE, namespace);
    if (Array.isArray(value)) return value.map(change);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, change(child)]));
  };
  return change(object) as KubeObject;
}

/** Keeps, drops or rewrites the binding that grants Flux's controllers all rights, depending on the settings. */
function withRights(object: KubeObject, { rbac }: RuntimeSettings): KubeObject[] {
  const { kind, metadata } = object;
  const binding = kind === 'ClusterRoleBinding' && metadata.name?.startsWith('cluster-reconciler') === true;
  if (!binding || rbac === 'cluster-admin') return [object];
  if (rbac === 'scoped') return [];
  return [
    { ...object, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: rbac.clusterRoleRef } },
  ];
}
