import { type ObjectRef, formatRef } from '@typekro/kit/core';
import { KubeError, limitOf } from '@typekro/kube';
import type { Decision, NodeReport } from '@typekro/engine/runtime';
import { describeLeftovers, describeUnready } from './failure-report.ts';
import { type DirectContext, openNodes } from './direct-run.ts';
import { DeploymentTimeoutError, ResourceGraphFactoryError, shorten } from './errors.ts';
import { remedyOfNode, remedyOfWaiting } from './node-failures.ts';
import { describeNode } from './progress-reporter.ts';

/** The error of a deploy with permanently failed nodes. `left` has lines about the remaining objects. */
export function failedDeploy(
  context: DirectContext,
  failed: readonly NodeReport[],
  decision: Decision,
  left: readonly string[] = [],
): Error {
  const lines = [...failed.map((node) => `  ${describeNode(node)}`), ...left];
  const first = failed[0];
  return new ResourceGraphFactoryError(
    `deploying ${context.graph.name} "${context.name}" failed:\n${lines.join('\n')}`,
    { code: 'deploy/failed', remedy: first === undefined ? '' : remedyOfNode(first), nodes: decision.nodes },
  );
}

/** The error of a deploy that was not ready in time. It names the nodes that are not ready. */
export async function timedOut(context: DirectContext, decision: Decision): Promise<Error> {
  const waiting = openNodes(decision);
  const objects = waiting.flatMap((node) => node.objects.map(({ object }) => formatRef(object)));
  const unready = await describeUnready(context.api, waiting);
  const lines = [
    ...unwrittenRecord(decision),
    ...waiting.map((node) => `  ${describeNode(node)}`),
    ...unready.lines,
    ...describeLeftovers(decision, context.graph, context.name),
  ];
  const limit = limitOf(context.signal);
  const time = limit === undefined ? 'in time' : `within ${limit < 1000 ? `${limit} ms` : `${limit / 1000} s`}`;
  return new DeploymentTimeoutError(
    `${context.graph.name} "${context.name}" did not become ready ${time}:\n${lines.join('\n')}`,
    {
      code: 'deploy/timeout',
      remedy:
        remedyOfLimit(limit) ??
        remedyOfWaiting(lines.join('\n')) ??
        unready.remedy ??
        `look at ${objects.length > 0 ? objects.join(', ') : 'the nodes above'}, or give a longer timeout; the created objects stay`,
      nodes: decision.nodes,
    },
  );
}

/** The remedy for a time limit below 1000 ms. The caller probably meant seconds. */
function remedyOfLimit(limit: number | undefined): string | undefined {
  if (limit === undefined || limit >= 1000) return undefined;
  return `timeout is in milliseconds: write ${limit}_000 for ${limit} seconds; the created objects stay`;
}

/**
 * The line about a failed write of the record of the deploy, the ConfigMap that a direct deploy writes first. No object
 * is written without the record.
 */
function unwrittenRecord({ conditions }: Decision): string[] {
  const managed = conditions.find(({ type, reason }) => type === 'InstanceManaged' && reason === 'ManagementFailed');
  return managed?.message === undefined
    ? []
    : [`  the record of the deploy cannot be written: ${shorten(managed.message)}`];
}

/** Did the server refuse an object or a request because it is too large? */
export function isTooLong(error: unknown): boolean {
  return error instanceof KubeError && (error.status === 413 || / is invalid: .*Too long: /.test(error.message));
}

/** The error of a deploy whose record is too large for the server. */
export function tooLarge(what: string, record: ObjectRef, cause: unknown): Error {
  return new ResourceGraphFactoryError(
    `deploying ${what}: the definition and the spec are too large for the record of the deploy`,
    {
      code: 'deploy/too-large',
      object: record,
      cause,
      remedy:
        'in direct mode, both together may have at most 1 MiB: keep large values in separate objects, and refer to them by name',
    },
  );
}
