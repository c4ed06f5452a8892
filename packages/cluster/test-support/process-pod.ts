import { vi } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { ClusterStory } from './cluster-story.ts';

/** The annotation of a pod whose containers run as local processes. */
export const RUN_PROCESS = { 'typekro.dev/run': 'process' };

/** A pod whose containers are local processes. */
export const processPod = (
  spec: JsonObject,
  { name = 'p', annotations = RUN_PROCESS, labels = {} }: Partial<KubeObject['metadata']> = {},
): KubeObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, annotations, labels }, spec });

/** A container that runs a shell script. */
export const shell = (script: string, more: JsonObject = {}): JsonObject => ({
  name: 'c',
  image: 'none',
  command: ['sh', '-c', script],
  ...more,
});

/** A shell command that starts a script in a new session, prints the id of the session, and ends at once. */
export const inOwnSession = (script: string): string =>
  `"${process.execPath}" -e 'const { spawn } = require("child_process"); ` +
  'const child = spawn("sh", ["-c", process.argv[1]], { detached: true, stdio: "ignore" }); ' +
  `console.log(child.pid); child.unref()' '${script}'`;

/** A container that runs a Node program. */
export const nodeProgram = (program: string, more: JsonObject = {}): JsonObject => ({
  name: 'c',
  image: 'none',
  command: [process.execPath, '-e', program],
  ...more,
});

/**
 * Repeats a check until it succeeds. Waits in real time, because the check depends on real processes. The clock of the
 * cluster does not advance.
 */
export const eventually = (check: () => Promise<unknown>): Promise<unknown> =>
  vi.waitFor(check, { timeout: 20_000, interval: 25 });

/** Sends a request, by default a GET. Returns the body and the status of the response. */
export async function readText(
  { cluster }: ClusterStory,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<{ readonly status: number; readonly text: string }> {
  const { status, body } = await cluster.transport().request({ method, path, headers });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return { status, text: Buffer.concat(chunks).toString() };
}

/** The log of the container of a pod in the namespace `default`. */
export const logOf = async (story: ClusterStory, name = 'p', query = ''): Promise<string> =>
  (await readText(story, `/api/v1/namespaces/default/pods/${name}/log${query}`)).text;
