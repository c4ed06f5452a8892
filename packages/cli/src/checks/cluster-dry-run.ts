import type { DryRun, RefusalCause } from '@typekro/cluster';
import { type KubernetesApi, KubeError } from '@typekro/kube';

/** The status codes for an invalid object. A refusal with any other code is about rights or other objects. */
const WRONG_OBJECT: ReadonlySet<number> = new Set([400, 422]);

/** Matches the message of a refusal by admission, which names no field. */
const ADMISSION = /admission webhook|ValidatingAdmissionPolicy/;

/**
 * Checks objects with dry runs on a cluster, so that its versions, defaults, policies and webhooks apply. An object
 * that already exists counts as accepted. A refusal by a policy or webhook has an empty field.
 */
export function clusterDryRun(client: KubernetesApi, signal: AbortSignal): DryRun {
  return {
    async check(object) {
      try {
        await client.create(object, { dryRun: true, signal });
        return [];
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
        return causesOf(error);
      }
    },
    namesAdmission: true,
    close: () => undefined,
  };
}

function causesOf({ status, message, details }: KubeError): readonly RefusalCause[] {
  if (ADMISSION.test(message)) return [{ field: '', message }];
  if (status === undefined || !WRONG_OBJECT.has(status)) return [];
  const causes = details.causes.map((cause) => ({ field: cause.field ?? '', message: cause.message ?? message }));
  return causes.length === 0 ? [{ field: '', message }] : causes;
}
