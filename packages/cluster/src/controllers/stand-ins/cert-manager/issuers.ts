import type { KubeObject } from '@typekro/kit/core';
import { cryptoLibrary, isJsonObject } from '@typekro/kit/core';
import { conditionIn, objectsAt, textAt } from '@typekro/kit/kubernetes';
import type { StandInKind, StandInResult, StandInView } from '../../../stand-in.ts';

export const GROUP = 'cert-manager.io';
const V1 = 'cert-manager.io/v1';

/** The namespace of the Secrets of ClusterIssuers. */
const CLUSTER_RESOURCES = 'cert-manager';

/** Maps the type of an issuer (a member name of its spec) to the reason and message of its `Ready` condition. */
const READY: ReadonlyMap<string, readonly [reason: string, message: string]> = new Map([
  ['selfSigned', ['IsReady', '']],
  ['ca', ['KeyPairVerified', 'Signing CA verified']],
  ['acme', ['ACMEAccountRegistered', 'The ACME account was registered with the ACME server']],
  ['vault', ['VaultVerified', 'Vault verified']],
  ['venafi', ['VenafiReady', 'Venafi issuer started']],
]);

/** Issuers of a namespace. */
export const issuers: StandInKind = {
  group: GROUP,
  kind: 'Issuer',
  follows: [{ group: '', kind: 'Secret' }],
  reconcile: reconcileIssuer,
};

/** Issuers for all namespaces. Their Secrets are in the namespace of cert-manager. */
export const clusterIssuers: StandInKind = {
  group: GROUP,
  kind: 'ClusterIssuer',
  follows: [{ group: '', kind: 'Secret', anywhere: true }],
  reconcile: reconcileIssuer,
};

function reconcileIssuer(issuer: KubeObject, view: StandInView): StandInResult | undefined {
  const type = issuerType(issuer);
  if (view.failure !== undefined) return issuerStatus(issuer, view, false, view.failure.reason, view.failure.message);
  if (type === 'ca') {
    const problem = caProblem(issuer, view);
    if (problem !== undefined)
      return issuerStatus(issuer, view, false, 'ErrGetKeyPair', `Error getting keypair for CA issuer: ${problem}`);
  }
  if (view.completedSteps(1) === 0) return undefined;
  const [reason, message] = READY.get(type) ?? ['IsReady', ''];
  return issuerStatus(issuer, view, true, reason, message);
}

function issuerStatus(
  issuer: KubeObject,
  view: StandInView,
  isReady: boolean,
  reason: string,
  message: string,
): StandInResult {
  const status = isReady ? 'True' : 'False';
  const email = textAt(issuer, 'spec', 'acme', 'email');
  const server = textAt(issuer, 'spec', 'acme', 'server').replace(/\/directory$/, '');
  const acme = { uri: `${server}/acct/1`, ...(email === '' ? {} : { lastRegisteredEmail: email }) };
  return {
    status: {
      ...(isReady && issuerType(issuer) === 'acme' ? { acme } : {}),
      conditions: view.conditions([{ type: 'Ready', status, reason, message, observed: true }]),
    },
    events: [{ type: isReady ? 'Normal' : 'Warning', reason, message }],
  };
}

/** The type of an issuer: the name of the spec's member that says how the issuer signs, e.g. `ca`. */
export function issuerType({ spec }: KubeObject): string {
  return Object.keys(spec ?? {}).find((member) => isJsonObject(spec?.[member])) ?? '';
}

/** The Secret with the key of an issuer's CA; `undefined` when it does not exist. */
export function signingSecret(issuer: KubeObject, view: StandInView): KubeObject | undefined {
  const { namespace = CLUSTER_RESOURCES } = issuer.metadata;
  return view.get({ apiVersion: 'v1', kind: 'Secret', namespace, name: textAt(issuer, 'spec', 'ca', 'secretName') });
}

/** The reason why the Secret of a CA issuer cannot sign; `undefined` when the Secret can sign. */
function caProblem(issuer: KubeObject, view: StandInView): string | undefined {
  const secret = signingSecret(issuer, view);
  if (secret === undefined) return `secrets "${textAt(issuer, 'spec', 'ca', 'secretName')}" not found`;
  const { createPrivateKey, X509Certificate } = cryptoLibrary();
  try {
    const certificate = new X509Certificate(secretText(secret, 'tls.crt'));
    const isOfKey = certificate.checkPrivateKey(createPrivateKey(secretText(secret, 'tls.key')));
    if (!isOfKey) return 'the private key does not belong to the certificate';
    return certificate.ca ? undefined : 'signing certificate is not a CA';
  } catch (error) {
    return `error decoding the key pair: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The decoded value of a key in a Secret; `''` when the Secret or the key does not exist. */
export function secretText(secret: KubeObject | undefined, key: string): string {
  return Buffer.from(textAt(secret, 'data', key), 'base64').toString('utf8');
}

/**
 * The issuer that an object refers to. `undefined` when the issuer does not exist, or when the reference names an API
 * group other than cert-manager's.
 */
export function referencedIssuer(object: KubeObject, view: StandInView): KubeObject | undefined {
  const { kind, name, group } = issuerReference(object);
  if (group !== GROUP) return undefined;
  const namespace = kind === 'ClusterIssuer' ? '' : (object.metadata.namespace ?? '');
  return view.get({ apiVersion: V1, kind, name, namespace });
}

/** The `issuerRef` of a spec; defaults replace an absent group or kind. */
export function issuerReference({ spec }: KubeObject): {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
} {
  const text = (member: string) => textAt(spec, 'issuerRef', member);
  return { group: text('group') || GROUP, kind: text('kind') || 'Issuer', name: text('name') };
}

/** Is a condition of the object True? */
export function isTrue(object: KubeObject | undefined, type: string): boolean {
  return conditionIn(objectsAt(object?.status, 'conditions'), type)?.status === 'True';
}
