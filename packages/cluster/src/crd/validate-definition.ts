import { type KubeObject, cryptoLibrary } from '@typekro/kit/core';
import { goPemBlocks } from '@typekro/kit/golang';
import { CrdRules } from '@typekro/engine/schema';
import { type FieldError, textAt } from '@typekro/kit/kubernetes';
import type { Problems } from '../errors/field-problems.ts';
import { ruleChecks } from './validation-rules.ts';

/**
 * Checks a CustomResourceDefinition. With `old`, also checks the update against the stored one. The verbs `create` and
 * `update` make the checks that every object gets, such as those of its name and labels.
 */
export function validateDefinition(object: KubeObject, problems: Problems, old?: KubeObject): void {
  const options = ruleChecks();
  const found = old === undefined ? CrdRules.errors(object, options) : CrdRules.updateErrors(object, old, options);
  const textOf = ({ field, message }: FieldError) => JSON.stringify([field, message]);
  const known = new Set(problems.map(textOf));
  for (const problem of found) {
    const text = textOf(problem);
    if (!known.has(text)) problems.push(problem);
    known.add(text);
  }
  const authority = authorityOf(object);
  const problem = authorityProblem(authority);
  // An update may keep or set an invalid CA bundle when the stored CA bundle is already invalid.
  const isAllowed = old !== undefined && authorityProblem(authorityOf(old)) !== '';
  if (problem !== '' && !isAllowed)
    problems.invalid('spec.conversion.webhookClientConfig.caBundle', authority, problem);
}

const authorityOf = ({ spec }: KubeObject): string => textAt(spec, 'conversion', 'webhook', 'clientConfig', 'caBundle');

/**
 * The reason why the CA bundle of a webhook (base64) contains no certificate; `''` for a bundle with a certificate, and
 * for an empty bundle.
 */
function authorityProblem(authority: string): string {
  if (authority === '') return '';
  const text = Buffer.from(authority, 'base64').toString('latin1');
  const { blocks, rest } = goPemBlocks(text);
  const certificates = blocks.filter(({ type, hasHeaders }) => type === 'CERTIFICATE' && !hasHeaders);
  if (certificates.some(({ bytes }) => isCertificate(bytes))) return '';
  const start = 'unable to load root certificates: ';
  if (certificates.length > 0) return `${start}failed to parse certificate: x509: malformed certificate`;
  if (rest !== '') return `${start}unable to parse bytes as PEM block`;
  return `${start}no valid certificate authority data seen`;
}

function isCertificate(der: Buffer): boolean {
  const { X509Certificate } = cryptoLibrary();
  try {
    return new X509Certificate(der).serialNumber !== '';
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown) return false;
    throw thrown;
  }
}
