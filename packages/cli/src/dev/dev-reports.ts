import { type KubeObject, count, namespacedName, parseApiVersion } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import { systemClock } from '@typekro/kube';
import type { InspectSource } from '@typekro/controller/inspect';
import type { CommandContext } from '../command.ts';
import { observe, whyLines, whyOf } from '@typekro/app/instance';
import { planOfFiles } from '../plan/plan-of-files.ts';
import { planLines } from '../plan/printed/plan-lines.ts';
import { paintFor, usesColour } from '../plan/printed/paint.ts';
import type { LoadedFiles } from '../plan/check-files.ts';
import { type Session, SESSION_SETTINGS } from '../up/up-session.ts';

/**
 * Explains, for each instance that is not ACTIVE, why it is not. If all instances are ACTIVE, or there is no instance,
 * returns one line that says so.
 */
export async function whyText(
  context: CommandContext,
  { api, controller }: Pick<Session, 'api' | 'controller'>,
  signal: AbortSignal,
): Promise<string> {
  const waiting = controller.reports.instances().filter(({ state }) => state !== 'ACTIVE');
  const all = controller.reports.instances().length;
  if (waiting.length === 0) return all === 0 ? 'There is no instance.' : `${count(all, 'instance')}, all ACTIVE.`;
  const texts: string[] = [];
  for (const each of waiting) {
    const { apiVersion, kind } = each;
    const { group } = parseApiVersion(apiVersion);
    const observation = await observe(api, `${kind}.${group}/${namespacedName(each)}`, 'default', signal, {
      settings: SESSION_SETTINGS,
    });
    const report = await whyOf(observation, api, signal);
    texts.push(whyLines(observation, report, systemClock.now(), usesColour(context)).join('\n'));
  }
  return texts.join('\n\n');
}

/** Returns, as text, the plan of what an apply of the files would change. */
export async function planText(
  context: CommandContext,
  { api }: Pick<Session, 'api'>,
  inputs: LoadedFiles,
  signal: AbortSignal,
): Promise<string> {
  // The caller has printed the problems of the files.
  const quiet: CommandContext = { ...context, signal, printError: () => {} };
  const made = await planOfFiles(quiet, { positionals: [], options: {} }, inputs, {
    api,
    source: { kind: 'cluster', name: 'embedded' },
    namespace: 'default',
    settings: SESSION_SETTINGS,
    checkedBy: 'server',
  });
  const view = { paint: paintFor(usesColour(context)), all: false };
  return made === undefined ? 'The files have errors.' : planLines(made.plan, view).join('\n');
}

/**
 * Lists the served revisions of the definitions, such as `revision 2 of webapps`. Returns an empty string when no
 * revision is served. For files without a definition, returns `the objects of the files`.
 */
export function servedText(graphs: readonly Graph[], source: Pick<InspectSource, 'definitions'>): string {
  if (graphs.length === 0) return 'the objects of the files';
  const names = new Set(graphs.map(({ name }) => name));
  return source
    .definitions()
    .filter(({ name, revision }) => names.has(name) && revision !== undefined)
    .map(({ name, revision }) => `revision ${revision} of ${name}`)
    .join(', ');
}

/**
 * The key of an object, independent of the version in its apiVersion. The key of an object without a namespace contains
 * `default`, because the object is applied to this namespace. The key of a cluster-scoped object contains `default`
 * too, but there the word has no meaning.
 */
export const reportKey = ({ apiVersion, kind, metadata }: KubeObject): string =>
  `${parseApiVersion(apiVersion).group}/${kind}/${metadata.namespace ?? 'default'}/${metadata.name ?? ''}`;
