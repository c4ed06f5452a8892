import type { InspectMeta } from '@typekro/controller/inspect';
import { type ObjectRef, parseApiVersion } from '@typekro/kit/core';

/** The argument of kubectl that names one object: `deployment.v1.apps/web`, `configmap/web` in the core group. */
function objectArgument({ apiVersion, kind, name }: ObjectRef): string {
  return word(`${typeArgument(apiVersion, kind)}/${name}`);
}

function typeArgument(apiVersion: string, kind: string): string {
  const { group, version } = parseApiVersion(apiVersion);
  return group === '' ? kind.toLowerCase() : `${kind.toLowerCase()}.${version}.${group}`;
}

/** Lists all definitions. */
export const DEFINITIONS_COMMAND = 'kubectl get resourcegraphdefinitions.kro.run';

/** Shows an object as YAML. */
export function getCommand(ref: ObjectRef): string {
  return `kubectl get ${objectArgument(ref)}${namespaceFlag(ref.namespace)} -o yaml`;
}

/** Shows the log of a container. */
export function logsCommand(pod: ObjectRef, container: string): string {
  return `kubectl logs ${word(pod.name)}${namespaceFlag(pod.namespace)} -c ${word(container)}`;
}

/** Lists all instances of a kind. */
export function listCommand(plural: string, group: string): string {
  return `kubectl get ${word(group === '' ? plural : `${plural}.${group}`)} --all-namespaces`;
}

/** Lists all objects of several kinds. */
export function listKindsCommand(kinds: readonly { readonly apiVersion: string; readonly kind: string }[]): string {
  const types = kinds.map(({ apiVersion, kind }) => typeArgument(apiVersion, kind));
  return `kubectl get ${word(types.join(','))} --all-namespaces`;
}

/** Shows a stored revision of a definition as YAML, by the name of its object. */
export function revisionCommand(name: string): string {
  return getCommand({ apiVersion: 'internal.kro.run/v1alpha1', kind: 'GraphRevision', name });
}

/** Lists the events about an instance and its objects, or about those of one node. */
export function instanceEventsCommand(ref: ObjectRef, node?: string): string {
  return `typekro events ${instanceArgument(ref, node)}`;
}

/** Explains why an instance is not ready, or what one of its nodes waits for. */
export function whyCommand(ref: ObjectRef, node?: string): string {
  return `typekro why ${instanceArgument(ref, node)}`;
}

/** Shows what would change, if the files were applied. */
export function planCommand(files: readonly string[]): string {
  return `typekro plan ${files.map(word).join(' ')}`;
}

/** An instance or one of its nodes: `Shop/web -n shop`, `Shop/shop/web/database`. */
function instanceArgument({ kind, namespace, name }: ObjectRef, node: string | undefined): string {
  if (node === undefined) return `${word(`${kind}/${name}`)}${namespaceFlag(namespace)}`;
  return word([kind, ...(namespace === undefined ? [] : [namespace]), name, node].join('/'));
}

/** A command line that passes a string to a command as its standard input. */
export function withInput(command: string, text: string): string {
  let end = 'EOF';
  while (text.split('\n').includes(end)) end += '_';
  return `${command} <<'${end}'\n${text.replace(/\n?$/, '\n')}${end}\n`;
}

/**
 * A command that works in a new shell: it names the program, the kubeconfig and the context, where the shell needs
 * them. kubectl's `--kubeconfig` takes one file, and the variable `KUBECONFIG` several.
 */
export function inNewShell(command: string, needs: InspectMeta['commands'] = {}): string {
  const { program, kubeconfigs = [], context } = needs;
  const started = program === undefined ? command : command.replace(/^typekro(?= )/, () => program.map(word).join(' '));
  const [file, ...others] = kubeconfigs;
  const path = file === undefined || others.length > 0 ? '' : ` --kubeconfig ${word(file)}`;
  const chosen = context === undefined ? '' : ` --context ${word(context)}`;
  const list = others.length === 0 ? '' : `KUBECONFIG=${word(kubeconfigs.join(':'))} `;
  return `${list}${started}${path}${chosen}`;
}

function namespaceFlag(namespace: string | undefined): string {
  return namespace === undefined ? '' : ` -n ${word(namespace)}`;
}

/** A word of a POSIX shell. Names come from the cluster, so a name could try to end the command. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
