import { type JsonObject, type KubeObject, cryptoLibrary, jsonEquals } from '@typekro/kit/core';
import { goPemBlocks, goQuote } from '@typekro/kit/golang';
import { dnsLabel, dnsSubdomain, objectsAt, pathSegment, textAt } from '@typekro/kit/kubernetes';
import { authorize } from '../auth/authorizer.ts';
import { type Field, type Problems, repeatedFields } from '../errors/field-problems.ts';
import { forbidden } from '../errors/api-error.ts';
import { ensureAt } from '../types/parts.ts';
import { CertificateRequestError, readCertificateRequest } from './certificate-request.ts';
import { CLIENT_SIGNER } from './certificate-signers.ts';
import type { MutableObject, Strategy, WriteContext } from './strategy.ts';

const RESOURCE = { group: 'certificates.k8s.io', plural: 'certificatesigningrequests' } as const;
const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown';

/** The key usages, in the order in which messages list them. */
const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

/** The minimum lifetime of a certificate, in seconds. */
const MIN_EXPIRATION_SECONDS = 600;

/**
 * The rules of CertificateSigningRequests. The server fills in the user of the request. A write to `/approval` changes
 * only the conditions, and needs the permission to `approve` for the request's signer. A write to `/status` changes the
 * certificate and the conditions, but not the approval, and needs the permission to `sign`.
 */
export const signingRequestStrategy: Partial<Strategy> = {
  validateName: pathSegment,
  statusSubresources: ['approval'],
  statusResets: [['status', 'conditions']],
  subresourceResets: { approval: [['spec'], ['status', 'certificate']] },
  prepareCreate(object, { user }) {
    const spec = ensureAt(object, 'spec');
    for (const field of ['username', 'uid', 'groups', 'extra']) delete spec[field];
    const { name, uid = '', groups, extra = {} } = user;
    if (name !== '') spec['username'] = name;
    if (uid !== '') spec['uid'] = uid;
    if (groups.length > 0) spec['groups'] = [...groups];
    if (Object.keys(extra).length > 0) spec['extra'] = structuredClone(extra) as JsonObject;
    object.status = {};
  },
  prepareUpdate(object, old, context) {
    if (old.spec === undefined) delete object.spec;
    else object.spec = old.spec;
    if (context.subresource === 'approval') prepareApproval(object, old, context);
    if (context.subresource === 'status') prepareStatus(object, old, context);
  },
  admit(object, old, context) {
    const { subresource } = context;
    if (old === undefined) return refuseMasters(object);
    if (subresource === '') return;
    const signer = textAt(old.spec, 'signerName');
    const changes = ['certificate', 'conditions'].some((key) => !jsonEquals(object.status?.[key], old.status?.[key]));
    if (subresource === 'status' && !changes) return;
    const verb = subresource === 'status' ? 'sign' : 'approve';
    if (maySign(context, verb, signer)) return;
    const problem = `user not permitted to ${verb} requests with signerName ${goQuote(signer)}`;
    throw forbidden(RESOURCE, object.metadata.name ?? '', problem);
  },
  validate,
  validateUpdate(object, old, problems, { subresource }) {
    validate(object, problems);
    validateChange(object, old, subresource, problems);
  },
};

const conditionsOf = (object: KubeObject, type?: string): JsonObject[] =>
  objectsAt(object.status, 'conditions').filter((condition) => type === undefined || condition['type'] === type);

/** Takes only the conditions from a write to `/approval`, and adds missing times to them. */
function prepareApproval(object: MutableObject, old: KubeObject, context: WriteContext): void {
  const conditions = timed(conditionsOf(object), old, context);
  const status: JsonObject = { ...old.status };
  if (conditions.length > 0) status['conditions'] = conditions;
  else delete status['conditions'];
  object.status = status;
}

/** Takes everything except the approval from a write to `/status`. */
function prepareStatus(object: MutableObject, old: KubeObject, context: WriteContext): void {
  const conditions = conditionsOf(object);
  for (const type of APPROVALS) {
    const [before, after] = [conditionsOf(old, type), conditions.filter((condition) => condition['type'] === type)];
    // Validation refuses a status that adds or removes an approval.
    if (before.length !== after.length) continue;
    for (const [index, condition] of after.entries())
      conditions[conditions.indexOf(condition)] = before[index] ?? condition;
  }
  if (conditions.length > 0) object.status = { ...object.status, conditions: timed(conditions, old, context) };
}

/**
 * Sets missing times of conditions to the time of the request. A condition without a transition time gets the time of
 * the old condition with the same type and status.
 */
function timed(conditions: readonly JsonObject[], old: KubeObject, context: WriteContext): JsonObject[] {
  const now = context.timestamp();
  return conditions.map((condition) => {
    const same = conditionsOf(old, textAt(condition, 'type')).find(
      (candidate) => candidate['status'] === condition['status'],
    );
    return {
      ...condition,
      lastUpdateTime: condition['lastUpdateTime'] ?? now,
      lastTransitionTime: condition['lastTransitionTime'] ?? same?.['lastTransitionTime'] ?? now,
    };
  });
}

/** Does the user have the permission for the signer? A permission names the signer or a wildcard for its domain. */
function maySign(context: WriteContext, verb: string, signer: string): boolean {
  const domain = signer.split('/')[0] ?? '';
  return [signer, `${domain}/*`].some((name) => {
    const target = { group: RESOURCE.group, resource: 'signers', subresource: '', namespace: '', name };
    return authorize(context, context.user, { verb, ...target }).allowed;
  });
}

/** Refuses a certificate that would make its owner a member of `system:masters`. */
function refuseMasters(object: KubeObject): void {
  if (textAt(object.spec, 'signerName') !== CLIENT_SIGNER) return;
  const name = object.metadata.name ?? '';
  const request = parsed(object);
  if (typeof request === 'string') throw forbidden(RESOURCE, name, `failed to parse CSR: ${request}`);
  if (request.organizations.includes('system:masters'))
    throw forbidden(RESOURCE, name, `use of ${CLIENT_SIGNER} signer with system:masters group is not allowed`);
}

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('latin1');

/** The parsed certificate signing request, or the message that says why it cannot be parsed. */
function parsed({ spec }: KubeObject) {
  try {
    return readCertificateRequest(decode(textAt(spec, 'request')));
  } catch (thrown) {
    if (thrown instanceof CertificateRequestError) return thrown.message;
    throw thrown;
  }
}

function validate(object: KubeObject, problems: Problems): void {
  const spec = problems.field('spec', object.spec);
  const request = parsed(object);
  if (typeof request === 'string') spec.text('request').invalid(request);
  const usages = spec.texts('usages');
  spec.list('usages').notEmpty();
  for (const usage of usages) usage.oneOf(USAGES);
  for (const usage of repeatedFields(usages).values()) usage.duplicate();
  validateSigner(spec.text('signerName'));
  const text = 'may not specify a duration less than 600 seconds (10 minutes)';
  spec.number('expirationSeconds').atLeast(MIN_EXPIRATION_SECONDS, text);
  validateConditions(problems.field('status', object.status));
  const problem = certificateProblem(decode(textAt(object.status, 'certificate')));
  if (problem !== undefined) problems.invalid('status.certificate', '<certificate data>', problem);
}

const MAX_DOMAIN_LENGTH = 253;
const MAX_SIGNER_LENGTH = MAX_DOMAIN_LENGTH + 1 + 253 + 63 + 1;

function validateSigner(field: Field<string>): void {
  const name = field.value;
  if (name === '') return field.required();
  if (name === LEGACY_SIGNER) return field.invalid('the legacy signerName is not allowed via this API version');
  const [domain = '', path = '', ...more] = name.split('/');
  if (!name.includes('/') || more.length > 0)
    return field.invalid("must be a fully qualified domain and path of the form 'example.com/signer-name'");
  if (domain.length > MAX_DOMAIN_LENGTH) field.tooLong(MAX_DOMAIN_LENGTH);
  const labels = domain.split('.');
  const checks = [
    [domain, labels, dnsLabel],
    [path, path.split('.'), dnsSubdomain],
  ] as const;
  for (const [segment, parts, rule] of checks) {
    const wrong = parts.find((part) => rule(part).length > 0);
    for (const text of wrong === undefined ? [] : rule(wrong))
      field.invalid(`validating label ${goQuote(wrong ?? '')}: ${text}`, segment);
    if (segment === domain && labels.length < 2)
      field.invalid('should be a domain with at least two segments separated by dots', domain);
  }
  if (name.length > MAX_SIGNER_LENGTH) field.tooLong(MAX_SIGNER_LENGTH);
}

const APPROVALS = ['Approved', 'Denied'];
const TERMINAL = [...APPROVALS, 'Failed'];
const CONDITIONS_FIELD = 'status.conditions';

function validateConditions(status: Field): void {
  const seen = new Set<string>();
  for (const condition of status.objects('conditions')) {
    const type = condition.text('type');
    type.notEmpty();
    condition.text('status').requiredOneOf(TERMINAL.includes(type.value) ? ['True'] : ['False', 'True', 'Unknown']);
    if (APPROVALS.some((other) => APPROVALS.includes(type.value) && other !== type.value && seen.has(other)))
      type.at(CONDITIONS_FIELD).invalid('Approved and Denied conditions are mutually exclusive');
    if (seen.has(type.value)) type.duplicate();
    seen.add(type.value);
  }
}

function malformedBlock(der: Buffer): string | undefined {
  const { X509Certificate } = cryptoLibrary();
  try {
    return new X509Certificate(der).serialNumber === '' ? 'no serial number' : undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

/** The problem of a signed certificate in PEM format; `undefined` for a valid certificate, and for an empty string. */
function certificateProblem(pem: string): string | undefined {
  if (pem === '') return undefined;
  const { blocks } = goPemBlocks(pem);
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block';
  for (const { type, hasHeaders, bytes } of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${goQuote(type)}`;
    if (hasHeaders) return 'no PEM block headers are permitted';
    if (bytes.length === 0) return 'found CERTIFICATE PEM block containing 0 certificates';
    const malformed = malformedBlock(bytes);
    if (malformed !== undefined) return `x509: malformed certificate: ${malformed}`;
  }
  return undefined;
}

function validateChange(object: KubeObject, old: KubeObject, subresource: string, problems: Problems): void {
  for (const type of TERMINAL) {
    if (conditionsOf(object, type).length < conditionsOf(old, type).length)
      problems.forbidden(CONDITIONS_FIELD, `updates may not remove a condition of type ${goQuote(type)}`);
  }
  for (const type of subresource === 'approval' ? [] : APPROVALS) {
    if (conditionsOf(object, type).length > conditionsOf(old, type).length)
      problems.forbidden(CONDITIONS_FIELD, `updates may not add a condition of type ${goQuote(type)}`);
  }
  const [next, before] = [textAt(object.status, 'certificate'), textAt(old.status, 'certificate')];
  if (next === before) return;
  if (subresource !== 'status') problems.forbidden('status.certificate', 'updates may not set certificate content');
  else if (before !== '')
    problems.forbidden('status.certificate', 'updates may not modify existing certificate content');
}
