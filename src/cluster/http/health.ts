import { goQuote } from '../../golang/index.ts';
import { replyText } from '../protocol/reply.ts';
import type { ApiReply, ApiRequest } from '../protocol/request.ts';

/** The checks of `/healthz` and `/livez`, by the names of kube-apiserver. `/readyz` has one more after `etcd`. */
const CHECKS = [
  'ping',
  'log',
  'etcd',
  'poststarthook/start-apiserver-admission-initializer',
  'poststarthook/generic-apiserver-start-informers',
  'poststarthook/start-apiextensions-informers',
  'poststarthook/start-apiextensions-controllers',
  'poststarthook/crd-informer-synced',
  'poststarthook/bootstrap-controller',
  'poststarthook/start-system-namespaces-controller',
  'poststarthook/start-service-ip-repair-controllers',
  'poststarthook/scheduling/bootstrap-system-priority-classes',
  'poststarthook/start-cluster-authentication-info-controller',
  'poststarthook/start-kube-aggregator-informers',
  'poststarthook/apiservice-registration-controller',
  'poststarthook/apiservice-status-local-available-controller',
  'poststarthook/apiservice-status-remote-available-controller',
  'poststarthook/kube-apiserver-autoregistration',
  'autoregister-completion',
  'poststarthook/apiservice-openapi-controller',
  'poststarthook/storage-readiness',
];
const AFTER_ETCD = CHECKS.indexOf('etcd') + 1;
const READY_CHECKS = [...CHECKS.slice(0, AFTER_ETCD), 'informer-sync', ...CHECKS.slice(AFTER_ETCD)];

/**
 * Answers `/healthz`, `/livez`, `/readyz` and the path of one check; `undefined` for a check that does not exist. The
 * parts of an embedded server are complete before it answers its first request, so every check passes.
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
