import { goQuote } from '@typekro/kit/golang';
import { replyText } from '../protocol/reply.ts';
import type { ApiReply, ApiRequest } from '../protocol/request.ts';

const BASIC = ['ping', 'log', 'etcd'];
const STARTED = [
  'poststarthook/start-apiserver-admission-initializer',
  'poststarthook/generic-apiserver-start-informers',
  'poststarthook/priority-and-fairness-config-consumer',
  'poststarthook/priority-and-fairness-filter',
  'poststarthook/storage-object-count-tracker-hook',
  'poststarthook/start-apiextensions-informers',
  'poststarthook/start-apiextensions-controllers',
  'poststarthook/crd-informer-synced',
  'poststarthook/start-system-namespaces-controller',
  'poststarthook/peer-endpoint-reconciler-controller',
  'poststarthook/start-cluster-authentication-info-controller',
  'poststarthook/start-kube-apiserver-identity-lease-controller',
  'poststarthook/start-kube-apiserver-identity-lease-garbage-collector',
  'poststarthook/storage-readiness',
  'poststarthook/start-legacy-token-tracking-controller',
  'poststarthook/start-service-ip-repair-controllers',
  'poststarthook/rbac/bootstrap-roles',
  'poststarthook/scheduling/bootstrap-system-priority-classes',
  'poststarthook/priority-and-fairness-config-producer',
  'poststarthook/bootstrap-controller',
  'poststarthook/start-kubernetes-service-cidr-controller',
  'poststarthook/start-kube-aggregator-informers',
  'poststarthook/apiservice-status-local-available-controller',
  'poststarthook/apiservice-status-remote-available-controller',
  'poststarthook/apiservice-registration-controller',
  'poststarthook/apiservice-discovery-controller',
  'poststarthook/kube-apiserver-autoregistration',
  'autoregister-completion',
  'poststarthook/apiservice-openapi-controller',
  'poststarthook/apiservice-openapiv3-controller',
];

/** The names of the checks of `/healthz` and `/livez`, in the order of kube-apiserver. */
const CHECKS = [...BASIC, ...STARTED];
const READY_CHECKS = [...BASIC, 'etcd-readiness', 'informer-sync', ...STARTED, 'shutdown'];

/**
 * The response to `/healthz`, `/livez`, `/readyz` and the path of a single check; `undefined` for a check that does not
 * exist. Every check passes, because an embedded server is complete before it handles its first request. The checks of
 * parts that an embedded server lacks pass, too.
 */
export function healthReply({ segments, query }: ApiRequest): ApiReply | undefined {
  const [name = '', ...rest] = segments;
  const checks = name === 'readyz' ? READY_CHECKS : CHECKS;
  if (rest.length > 0) return checks.includes(rest.join('/')) ? replyText(200, 'ok') : undefined;
  if (!query.has('verbose')) return replyText(200, 'ok');
  const excluded = new Set(query.all('exclude'));
  const lines = checks.map((check) => (excluded.delete(check) ? `[+]${check} excluded: ok` : `[+]${check} ok`));
  if (excluded.size > 0) {
    const names = [...excluded].toSorted().map(goQuote).join(',');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  return replyText(200, `${lines.join('\n')}\n${name} check passed\n`);
}
