import type { ObjectLookup } from '../types/lookup.ts';
import type { Route } from '../verbs/route.ts';
import type { Work } from '../work.ts';

/** The parts of the cluster that `awaitDefaultAccount` uses. */
export interface AccountContext {
  readonly store: ObjectLookup;
  readonly hasServiceAccountAdmission: boolean;
  readonly work: Pick<Work, 'isBusy'>;
}

/** The maximum time that a request waits for the account, in milliseconds. kube-apiserver waits one to two seconds. */
const MAX_WAIT_MS = 1000;

/**
 * Waits until the account `default` of a namespace exists. A controller creates this account in every new namespace.
 * Without the wait, a pod that a client creates directly after its namespace would be refused while the controllers are
 * busy. Returns `undefined` when the request does not concern pods, the account exists, or the controllers have no
 * work.
 */
export function awaitDefaultAccount(context: AccountContext, route: Route): Promise<void> | undefined {
  const { group, plural } = route.resource;
  if (plural !== 'pods' || group !== '' || !isAccountExpected(context, route.namespace)) return undefined;
  return untilAccount(context, route.namespace);
}

async function untilAccount(context: AccountContext, namespace: string): Promise<void> {
  const end = performance.now() + MAX_WAIT_MS;
  while (isAccountExpected(context, namespace) && performance.now() < end)
    await new Promise((resolve) => setImmediate(resolve));
}

/** Is the account missing in an existing namespace, while controllers still have work? */
function isAccountExpected(context: AccountContext, namespace: string): boolean {
  const { store, hasServiceAccountAdmission, work } = context;
  if (!hasServiceAccountAdmission || !work.isBusy) return false;
  const found = store.collection('', 'namespaces').get(namespace)?.object;
  if (found === undefined || found.metadata.deletionTimestamp !== undefined) return false;
  return store.collection('', 'serviceaccounts').get(`${namespace}/default`) === undefined;
}
