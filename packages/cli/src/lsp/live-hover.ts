import type { Position } from 'vscode-languageserver';
import { type JsonValue, type KubeObject, formatRef, stringifyJson } from '@typekro/kit/core';
import { type EditorDocument, objectFieldAt } from '@typekro/editor';
import { valueAtSteps } from '@typekro/engine/schema';
import { connectToCluster } from '../cluster-client.ts';
import type { CommandContext } from '../command.ts';
import type { LspSettings } from './editor-settings.ts';

/** The time limit of the read for a hover, in milliseconds. */
const READ_TIMEOUT_MS = 2000;

/** The maximum length of a shown value. */
const MAX_VALUE_LENGTH = 2000;

/**
 * Reads the live value of the field at a position of a document, as Markdown. Reads one object of the cluster, and
 * never a Secret.
 *
 * @returns undefined when the position is not in a field of an object, or when the cluster does not have the object
 */
export async function liveHover(
  document: EditorDocument,
  position: Position,
  settings: Pick<LspSettings, 'context' | 'kubeconfig'>,
  context: CommandContext,
): Promise<string | undefined> {
  const field = objectFieldAt(document, position);
  if (field === undefined) return undefined;
  const { kubeconfig, context: name } = settings;
  const options = { kubeconfig, context: name };
  await using connection = await connectToCluster(context, { positionals: [], options });
  const { client, namespace } = connection;
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(READ_TIMEOUT_MS)]);
  const object = await client.find({ namespace, ...field.ref }, { signal });
  return object === undefined ? undefined : shown(object, field.path);
}

function shown(object: KubeObject, path: readonly (string | number)[]): string {
  const value: JsonValue | undefined = valueAtSteps(object, path);
  const text = value === undefined ? 'the object does not have the field' : stringifyJson(value, 2);
  const { apiVersion, kind, metadata } = object;
  const { name = '', namespace } = metadata;
  const of = formatRef({ apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) });
  return `in the cluster (${of}):\n\n\`\`\`json\n${text.slice(0, MAX_VALUE_LENGTH)}\n\`\`\``;
}
