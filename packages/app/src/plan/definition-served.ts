import { type KubeObject, objectName, refOf, TypeKroError } from '@typekro/kit/core';
import { withinLimit } from '@typekro/kube';
import { type Condition, readConditions } from '@typekro/engine/runtime';
import type { AppliedObject, ObjectWriter } from './apply-object.ts';

/** The time limit for a controller to serve a definition, in milliseconds. */
const SERVE_TIMEOUT_MS = 60_000;

/**
 * The time after an apply, in milliseconds, during which a refusal that equals the refusal before the apply is ignored.
 * Such a refusal can be outdated: a change of annotations does not raise the generation, and a controller that waits
 * for a CRD repeats the old conditions.
 */
const OLD_REFUSAL_MS = 15_000;

/**
 * Waits until the controller serves the applied definition.
 *
 * @throws TypeKroError `apply/definition-refused` when the controller refuses it, and `apply/not-served` when no
 *   controller responds in time
 */
export async function waitUntilServed(
  waiting: Pick<ObjectWriter, 'api' | 'signal' | 'clock'>,
  { before, after }: AppliedObject,
): Promise<void> {
  const ref = refOf(after);
  const { generation = 0 } = after.metadata;
  const former = readyOf(before);
  let standing: Condition | undefined;
  const check = (found: KubeObject | undefined): true | undefined => {
    const ready = readyOf(found);
    standing = undefined;
    if (ready?.observedGeneration === undefined || ready.observedGeneration < generation) return undefined;
    if (ready.status === 'True') return true;
    if (ready.status !== 'False') return undefined;
    if (!isSame(ready, former)) throw refused(ref.name, ready);
    standing = ready;
    return undefined;
  };
  let outage: string | undefined = '';
  for (const limitMs of [OLD_REFUSAL_MS, SERVE_TIMEOUT_MS - OLD_REFUSAL_MS]) {
    ({ outage } = await withinLimit(waiting, limitMs, (wait) => wait(ref, check)));
    if (outage === undefined) return;
    if (standing !== undefined) throw refused(ref.name, standing);
  }
  const runs = outage === '' ? 'controller' : 'API server';
  const limit = `within ${SERVE_TIMEOUT_MS / 1000} s`;
  throw new TypeKroError(`no controller has responded to ${objectName(ref)} ${limit}${outage}`, {
    code: 'apply/not-served',
    remedy: `check whether the ${runs} runs: kubectl get resourcegraphdefinition ${ref.name} -o yaml`,
  });
}

const readyOf = (object: KubeObject | undefined): Condition | undefined =>
  readConditions(object?.status?.['conditions']).find(({ type }) => type === 'Ready');

/** Are two conditions equal, except for the observed generation? */
const isSame = (a: Condition, b: Condition | undefined): boolean =>
  a.status === b?.status &&
  a.reason === b.reason &&
  a.message === b.message &&
  a.lastTransitionTime === b.lastTransitionTime;

function refused(name: string, { message = '' }: Condition): TypeKroError {
  return new TypeKroError(`the controller refuses the definition ${name}: ${message}`, {
    code: 'apply/definition-refused',
    remedy: `typekro why rgd/${name} names the cause and what to do`,
  });
}
