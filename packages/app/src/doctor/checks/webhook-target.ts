import type { KubeObject } from '@typekro/kit/core';
import { readConditions } from '@typekro/engine/runtime';
import type { ClusterFacts, WebhookTarget } from '../cluster-facts.ts';
import type { Finding } from '../finding.ts';

/** The problem with the target of a webhook, and the remedy. */
export interface TargetProblem extends Pick<Finding, 'what' | 'severity'> {
  readonly remedy?: string;
}

/** The words of a finding about a webhook. */
interface WebhookWords {
  /** The webhook as the subject of a sentence, such as `the webhook check.acme.test`. */
  readonly name: string;
  /** The instruction for a user who does not need the webhook. */
  readonly removal: string;
}

/**
 * Finds the problem of a target: a missing Service, a Service without ready endpoints, or a failed call that the status
 * of an object quotes. A URL is always reported, at least as an `info`, because only the API server can call it.
 * Returns `undefined` for a Service that could not be read, and for a Service with ready endpoints and no failed call.
 *
 * @param failure the message of a failed call
 */
export function targetProblem(
  target: WebhookTarget,
  { name, removal }: WebhookWords,
  failure: string | undefined,
): TargetProblem | undefined {
  if ('url' in target) {
    return failure === undefined
      ? { severity: 'info', what: `${name} is called at ${target.url}, which only the API server can check` }
      : {
          severity: 'error',
          what: `${name} does not respond at ${target.url}: ${failure}`,
          remedy: `repair the server of ${target.url}, or ${removal}`,
        };
  }
  const service = `Service ${target.service.namespace}/${target.service.name}`;
  if ('unread' in target.state) return undefined;
  const { exists, ready } = target.state.value;
  if (!exists) {
    return {
      severity: 'error',
      what: `${name} calls ${service}, which does not exist`,
      remedy: `install the program of ${service} again, or ${removal}`,
    };
  }
  if (ready === 0) {
    return {
      severity: 'error',
      what: `${name} has no ready endpoint: ${service}`,
      remedy: `start the pods of ${service}, or ${removal}`,
    };
  }
  if (failure === undefined) return undefined;
  return {
    severity: 'warning',
    what: `${name} did not respond, although ${service} has ready endpoints: ${failure}`,
    remedy: `compare the port, the path and the CA of the configuration with ${service}, and check NetworkPolicies`,
  };
}

/**
 * Returns the first message that contains a text, from the conditions of definitions and instances. Leaves out
 * conditions that are True.
 */
export function conditionWith(text: string, { definitions, instances }: ClusterFacts): string | undefined {
  const readings = [definitions, ...instances.values()];
  const objects = readings.flatMap((reading): readonly KubeObject[] => ('value' in reading ? reading.value : []));
  return objects
    .flatMap(({ status }) => readConditions(status?.['conditions']))
    .find(({ status, message }) => status !== 'True' && message?.includes(text) === true)?.message;
}
