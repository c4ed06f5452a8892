import { type KubeObject, refOf } from '@typekro/kit/core';
import { type KubernetesApi, waitForObject } from '@typekro/kube';
import type { CommandContext } from '../command.ts';
import { wrappedLines } from '@typekro/app/text';
import { fitLine } from '@typekro/app/instance';

/**
 * The maximum time between two reads, in milliseconds. Only the instance is watched, so a change of a child appears
 * after this time at the latest.
 */
const MAX_AGE_MS = 2000;

/** An instance, and the lines that describe it. */
export interface WatchedReport {
  readonly instance: KubeObject;
  readonly lines: readonly string[];
}

/**
 * Prints the lines again when the instance or its objects change, until the signal aborts or the instance is gone. A
 * terminal is redrawn in place. On any other output, prints only lines that were not in the previous report.
 *
 * @param read reads the instance and its objects; returns undefined when the instance is gone
 */
export async function watchReport(
  context: CommandContext,
  api: KubernetesApi,
  read: () => Promise<WatchedReport | undefined>,
): Promise<void> {
  const show = screenOf(context);
  const { signal } = context;
  for (;;) {
    const seen = await read();
    if (seen === undefined || signal.aborted) return;
    show(seen.lines);
    const { uid, resourceVersion } = seen.instance.metadata;
    const limit = AbortSignal.timeout(MAX_AGE_MS);
    try {
      await waitForObject(api, refOf(seen.instance), AbortSignal.any([signal, limit]), (found) =>
        found?.metadata.uid === uid && found?.metadata.resourceVersion === resourceVersion ? undefined : true,
      );
    } catch (error) {
      if (signal.aborted) return;
      if (!limit.aborted) throw error;
    }
  }
}

function screenOf(context: CommandContext): (lines: readonly string[]) => void {
  const { terminal } = context;
  let shown: readonly string[] = [];
  if (terminal === undefined) {
    return (lines) => {
      const fresh = lines.filter((line) => !shown.includes(line));
      shown = lines;
      if (fresh.length > 0) context.print(fresh.join('\n'));
    };
  }
  return (lines) => {
    // A block that is higher than the screen cannot be redrawn in place, because its upper lines have scrolled away.
    const block = wrappedLines(lines, terminal.columns)
      .slice(0, terminal.rows - 1)
      .map((line) => fitLine(line, terminal.columns));
    if (block.join('\n') === shown.join('\n')) return;
    const up = shown.length > 0 ? `\u001b[${shown.length}A\r` : '';
    terminal.write(`${up}\u001b[0J${block.join('\n')}\n`);
    shown = block;
  };
}
