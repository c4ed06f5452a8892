import type { ObjectRef } from '../../../core/index.ts';
import { parseApiVersion } from '../../../core/index.ts';

/** The argument of kubectl that names one object: `deployment.v1.apps/web`, `configmap/web` in the core group. */
function objectArgument({ apiVersion, kind, name }: ObjectRef): string {
  const { group, version } = parseApiVersion(apiVersion);
  const type = group === '' ? kind.toLowerCase() : `${kind.toLowerCase()}.${version}.${group}`;
  return word(`${type}/${name}`);
}

/** Shows an object as YAML. */
export function getCommand(ref: ObjectRef): string {
  return `kubectl get ${objectArgument(ref)}${namespaceFlag(ref.namespace)} -o yaml`;
}

/** Shows the log of a container. */
export function logsCommand(pod: ObjectRef, container: string): string {
  return `kubectl logs ${word(pod.name)}${namespaceFlag(pod.namespace)} -c ${word(container)}`;
}

/** Shows the events about an object. */
export function eventsCommand(ref: ObjectRef): string {
  return `kubectl events --for ${objectArgument(ref)}${namespaceFlag(ref.namespace)}`;
}

/** Lists all instances of a kind. */
export function listCommand(plural: string, group: string): string {
  return `kubectl get ${word(group === '' ? plural : `${plural}.${group}`)} --all-namespaces`;
}

/** Explains why an instance is not ready. */
export function whyCommand(ref: ObjectRef): string {
  return `kubectl typekro why ${word(`${ref.kind}/${ref.name}`)}${namespaceFlag(ref.namespace)}`;
}

function namespaceFlag(namespace: string | undefined): string {
  return namespace === undefined ? '' : ` -n ${word(namespace)}`;
}

/** A word of a POSIX shell. Names come from the cluster, so a name could try to end the command. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
