import { resolve } from 'node:path';
import {
  count,
  hasErrors,
  isJsonObject,
  parseJson,
  stringifyJson,
  TypeKroError,
  readRegularFile,
  readUserFile,
  whyUnreadable,
  yamlLibrary,
} from '@typekro/kit/core';
import type { JsonValue } from '@typekro/kit/core';
import { KubeClient, loadKubeConfig } from '@typekro/kube';
import { type CommandContext, type CommandInput, ExitCode } from '../command.ts';
import { reportPrinter, printLines } from '../instance/print-report.ts';
import { printableLine } from '@typekro/app/text';
import { printDiagnostics } from '../checks/print-diagnostics.ts';
import { requireFolder, writeResultFile } from '../write-file.ts';
import { DEFAULT_CLUSTER } from './cluster-folder.ts';
import { control, objectsInAnswer } from './control-client.ts';
import { addRequestedContext } from './life-verbs.ts';
import { loadedLine, loadObjects, readObjects } from './load-objects.ts';
import { answeringCluster, runningCluster } from './running-cluster.ts';
import { parseStateFile } from './state-file.ts';
import { contextName } from './user-kubeconfig.ts';

/** `typekro cluster kubeconfig [NAME]`. */
export async function printKubeconfig(
  context: CommandContext,
  input: CommandInput,
  [name = DEFAULT_CLUSTER]: readonly string[],
): Promise<number> {
  const print = reportPrinter(context, input, ['path', 'env']);
  const found = runningCluster(context, name);
  const { kubeconfig: path } = found.folder;
  const text = readRegularFile(path).toString().trimEnd();
  const entryIn = await addRequestedContext(context, input, found);
  if (entryIn !== undefined) {
    const use = input.options['use-context'] === true;
    context.printError(`${contextName(name)} is ${use ? 'the current context' : 'a context'} of ${entryIn}`);
  }
  const parsed = parseJson(stringifyJson(yamlLibrary().parse(text) as JsonValue));
  if ((input.options['output'] ?? 'text') === 'text' && context.results === undefined) {
    context.print(text, 'document');
    return ExitCode.ok;
  }
  print({
    data: { schemaVersion: 1, name, path, kubeconfig: isJsonObject(parsed) ? parsed : {} },
    lines: () => text.split('\n'),
    forms: { path: () => [path], env: () => [`export KUBECONFIG='${path.replaceAll("'", `'\\''`)}'`] },
  });
  return ExitCode.ok;
}

/** `typekro cluster load NAME FILE…`. The exit code is 3 if the files have errors, and 1 if an object is refused. */
export async function loadContent(
  context: CommandContext,
  input: CommandInput,
  [name = '', ...files]: readonly string[],
): Promise<number> {
  const print = reportPrinter(context, input);
  const { folder } = await answeringCluster(context, name);
  const { objects, diagnostics, texts } = await readObjects(files, context.cwd, () => context.readInput());
  if (diagnostics.length > 0) printDiagnostics(context, diagnostics, texts);
  if (hasErrors(diagnostics)) return ExitCode.diagnostics;
  const client = new KubeClient({ config: await loadKubeConfig({ path: folder.kubeconfig, env: context.env }) });
  try {
    // A text report is printed object by object. A structured report (`-o json`) is printed when all objects are
    // loaded.
    const isText = (input.options['output'] ?? 'text') === 'text' && context.results === undefined;
    const loaded = await loadObjects(client, objects, context.signal, (each) => {
      if (isText) printLines(context, [printableLine(loadedLine(each))]);
    });
    const refused = loaded.filter(({ outcome }) => outcome === 'refused').length;
    const summary = `${count(loaded.length - refused, 'object')} applied, ${refused} refused`;
    print({
      data: { schemaVersion: 1, cluster: name, objects: loaded },
      lines: () => (isText ? [summary] : [...loaded.map(loadedLine), summary]),
    });
    return refused === 0 ? ExitCode.ok : ExitCode.failed;
  } finally {
    await client.close();
  }
}

/** `typekro cluster snapshot NAME FILE`. */
export async function snapshot(
  context: CommandContext,
  input: CommandInput,
  [name = '', file = '']: readonly string[],
): Promise<number> {
  const print = reportPrinter(context, input);
  const path = resolve(context.cwd, file);
  requireFolder(path, 'cluster/snapshot-not-written');
  const { record } = await answeringCluster(context, name);
  const bytes = await control(record, 'snapshot', { signal: context.signal });
  // The check fails for a truncated response, so that the file never contains an incomplete snapshot.
  const { head } = parseStateFile(bytes, `the snapshot of "${name}"`, record.kubernetesVersion);
  const details = { code: 'cluster/snapshot-not-written', shown: file, mode: 0o600 };
  const { objects, resourceVersion } = head;
  const report = {
    data: { schemaVersion: 1, cluster: name, file: path, objects, resourceVersion },
    lines: () => [`${file}: ${count(objects, 'object')} of ${name}, with the values of Secrets`],
  };
  print(report, await writeResultFile(context, file, bytes, details));
  return ExitCode.ok;
}

/** `typekro cluster restore NAME FILE`. */
export async function restore(
  context: CommandContext,
  input: CommandInput,
  [name = '', file = '']: readonly string[],
): Promise<number> {
  const print = reportPrinter(context, input);
  const { record } = await answeringCluster(context, name);
  const bytes = await readBytes(context, file);
  const { head } = parseStateFile(bytes, file, record.kubernetesVersion);
  const objects = objectsInAnswer(await control(record, 'restore', { signal: context.signal, body: bytes }));
  print({
    data: { schemaVersion: 1, cluster: name, takenOf: head.cluster, takenAt: head.takenAt, objects },
    lines: () => [
      `${name} has the objects of ${file} (${head.cluster}, ${head.takenAt}): ${count(objects ?? 0, 'object')}`,
    ],
  });
  return ExitCode.ok;
}

/** `typekro cluster reset NAME`. */
export async function reset(
  context: CommandContext,
  input: CommandInput,
  [name = '']: readonly string[],
): Promise<number> {
  const print = reportPrinter(context, input);
  const { record } = await answeringCluster(context, name);
  const objects = objectsInAnswer(await control(record, 'reset', { signal: context.signal }));
  print({
    data: { schemaVersion: 1, cluster: name, objects },
    lines: () => [`${name} has only the ${count(objects ?? 0, 'object')} of a new cluster`],
  });
  return ExitCode.ok;
}

/** The maximum size of a file that `cluster snapshot` wrote, in bytes. */
const MAX_STATE_BYTES = 1024 * 1024 * 1024;

async function readBytes({ cwd }: CommandContext, file: string): Promise<Buffer> {
  try {
    return await readUserFile(resolve(cwd, file), MAX_STATE_BYTES);
  } catch (error) {
    throw new TypeKroError(`${file} cannot be read: ${whyUnreadable(error)}`, {
      code: 'cluster/snapshot-unreadable',
      remedy: 'name a file that typekro cluster snapshot wrote',
      cause: error,
    });
  }
}
