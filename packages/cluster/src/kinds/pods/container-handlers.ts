import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { listAt, numberAt, objectsAt, optionalAt, portName, textAt } from '@typekro/kit/kubernetes';
import type { Problems } from '../../errors/field-problems.ts';
import { notNegative, portProblem } from '../../types/parts.ts';

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'];
const SCHEMES = ['HTTP', 'HTTPS'];
const HEADER =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

/** Checks that a hook or probe has exactly one action, and checks this action. */
function validateHandler(handler: JsonObject, grace: number, at: string, problems: Problems) {
  let count = 0;
  for (const kind of HANDLERS) {
    const value = optionalAt(handler, kind);
    if (value === undefined) continue;
    if (count++ > 0) problems.forbidden(`${at}.${kind}`, 'may not specify more than 1 handler type');
    else if (kind === 'exec') {
      if (listAt(value, 'command').length === 0) problems.required(`${at}.exec.command`);
    } else if (kind === 'sleep') {
      const seconds = numberAt(value, 'seconds') ?? 0;
      if (seconds < 0 || seconds > grace)
        problems.invalid(
          `${at}.sleep`,
          seconds,
          `must be non-negative and less than terminationGracePeriodSeconds (${grace})`,
        );
    } else checkPortOrName(value['port'], `${at}.${kind}.port`, problems);
    if (kind === 'httpGet' && count === 1) validateHttp(value, `${at}.httpGet`, problems);
  }
  if (count === 0) problems.required(at, 'must specify a handler type');
}

function validateHttp(get: JsonObject, at: string, problems: Problems) {
  if (textAt(get, 'path') === '') problems.required(`${at}.path`);
  const scheme = textAt(get, 'scheme');
  problems.requireOneOf(`${at}.scheme`, scheme, SCHEMES);
  for (const header of objectsAt(get, 'httpHeaders')) {
    const name = textAt(header, 'name');
    if (!/^[-A-Za-z0-9]+$/.test(name)) problems.invalid(`${at}.httpHeaders`, name, HEADER);
  }
}

/** Checks the hooks of a container. `pod` is the specification of its pod. */
export function validateLifecycle(lifecycle: JsonObject, pod: JsonObject, at: string, problems: Problems): void {
  for (const hook of ['postStart', 'preStop']) {
    const handler = optionalAt(lifecycle, hook);
    const grace = numberAt(pod, 'terminationGracePeriodSeconds') ?? 30;
    if (handler !== undefined) validateHandler(handler, grace, `${at}.${hook}`, problems);
  }
}

const PERIODS = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'];

/** Checks a probe. `kind` is the container's member that has the probe, e.g. `livenessProbe`. */
export function validateProbe(probe: JsonObject, kind: string, at: string, problems: Problems): void {
  validateHandler(probe, Number.MAX_SAFE_INTEGER, at, problems);
  for (const key of PERIODS) notNegative(probe, key, at, problems);
  const grace = numberAt(probe, 'terminationGracePeriodSeconds');
  if (kind === 'readinessProbe') {
    if (grace !== undefined)
      problems.invalid(`${at}.terminationGracePeriodSeconds`, grace, 'must not be set for readinessProbes');
    return;
  }
  if (grace !== undefined && grace <= 0)
    problems.invalid(`${at}.terminationGracePeriodSeconds`, grace, 'must be greater than 0');
  const success = numberAt(probe, 'successThreshold') ?? 1;
  if (success !== 1) problems.invalid(`${at}.successThreshold`, success, 'must be 1');
}

/** Checks a port that is a number or a name. */
export function checkPortOrName(value: JsonValue | undefined, path: string, problems: Problems): void {
  if (typeof value === 'string') {
    problems.invalidFor(path, value, portName(value));
    return;
  }
  problems.add(portProblem(value, path));
}
