import type { KubeObject } from '../../core/index.ts';
import type { AdoptionPolicy } from '../../runtime/index.ts';
import type { ServiceAccountRef } from '../access.ts';
import { parseServiceAccount } from '../access.ts';

const ADOPTION = 'typekro.dev/adoption';
const SERVICE_ACCOUNT = 'typekro.dev/service-account';

const WORDS: ReadonlyMap<string, AdoptionPolicy> = new Map([
  ['adopt', 'adopt'],
  ['refuse', 'refuse'],
  ['take-over', 'takeOver'],
]);

/** What a definition's annotations say about how its instances are worked on. */
export interface Policies {
  /** For nodes that are not named. */
  readonly adoption?: AdoptionPolicy;
  readonly nodeAdoption: ReadonlyMap<string, AdoptionPolicy>;
  /** As whom children are read and written. */
  readonly serviceAccount?: ServiceAccountRef;
  /** What cannot be understood. A definition with problems is not served: guessing could give away rights. */
  readonly problems: readonly string[];
}

/**
 * Reads the policies of a definition:
 *
 * - `typekro.dev/adoption: refuse, database=take-over`: what to do with existing objects, by default and per node;
 * - `typekro.dev/service-account: team-a/deployer`: whose rights count for children.
 */
export function readPolicies(object: KubeObject): Policies {
  const annotations = object.metadata.annotations ?? {};
  const read = (key: string) => (Object.hasOwn(annotations, key) ? annotations[key] : undefined);
  const problems: string[] = [];
  const nodeAdoption = new Map<string, AdoptionPolicy>();
  let adoption: AdoptionPolicy | undefined;
  for (const entry of (read(ADOPTION) ?? '').split(',').map((text) => text.trim())) {
    if (entry === '') continue;
    const [first = '', second] = entry.split('=').map((text) => text.trim());
    const policy = WORDS.get(second ?? first);
    if (policy === undefined) problems.push(`annotation ${ADOPTION}: "${entry}" is none of adopt, refuse, take-over`);
    else if (second === undefined) adoption = policy;
    else nodeAdoption.set(first, policy);
  }
  const account = read(SERVICE_ACCOUNT);
  const serviceAccount = account === undefined ? undefined : parseServiceAccount(account.trim());
  if (account !== undefined && serviceAccount === undefined) {
    problems.push(`annotation ${SERVICE_ACCOUNT}: "${account}" is not written as namespace/name`);
  }
  return {
    ...(adoption === undefined ? {} : { adoption }),
    nodeAdoption,
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
    problems,
  };
}
