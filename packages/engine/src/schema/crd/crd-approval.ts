import { type KubeObject, getOwn } from '@typekro/kit/core';
import { Failure, parseRequestUrl } from '@typekro/kit/golang';
import { type FieldError, textAt } from '@typekro/kit/kubernetes';
import { invalid, required } from '../validation/field-error.ts';

const APPROVAL = 'api-approved.kubernetes.io';
const PROTECTED = /(?:^|\.)(?:k8s|kubernetes)\.io$/;

type Approval = 'absent' | 'bypassed' | 'approved' | 'invalid';

/**
 * The state of the annotation that approves a CRD. The annotation's value is a URL, or a reason that begins with
 * `unapproved`.
 */
function approvalOf({ metadata: { annotations = {} } }: KubeObject): {
  readonly state: Approval;
  readonly text: string;
} {
  const text = getOwn(annotations, APPROVAL) ?? '';
  if (text === '') return { state: 'absent', text };
  if (text.startsWith('unapproved')) return { state: 'bypassed', text };
  const url = parseRequestUrl(text);
  const isAddress = !(url instanceof Failure) && url.scheme !== '' && url.host !== '';
  return { state: isAddress ? 'approved' : 'invalid', text };
}

/**
 * Errors of CRDs in protected API groups (`k8s.io`, `kubernetes.io`), which require an approval annotation. An update
 * is valid if the state of the annotation does not change.
 */
export function* approvalErrors(crd: KubeObject, old?: KubeObject): Iterable<FieldError> {
  if (!PROTECTED.test(textAt(crd.spec, 'group'))) return;
  const { state, text } = approvalOf(crd);
  if (old !== undefined && approvalOf(old).state === state) return;
  const field = `metadata.annotations[${APPROVAL}]`;
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
  const wanted = `protected groups must have approval annotation "${APPROVAL}"`;
  if (state === 'absent') yield required(field, `${wanted}, ${see}`);
  else if (state === 'invalid')
    yield invalid(field, text, `${wanted} with either a URL or a reason starting with "unapproved", ${see}`);
}
