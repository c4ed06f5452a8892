import { portName } from '@typekro/kit/kubernetes';
import type { JsonValue } from '@typekro/kit/core';
import type { Field } from '../../errors/field-problems.ts';

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'];
const SCHEMES = ['HTTP', 'HTTPS'];
const HEADER =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

/** Checks that a hook or probe has exactly one action, and checks this action. */
function validateHandler(handler: Field, grace: number) {
  const [first, ...more] = HANDLERS.filter((kind) => handler.optional(kind) !== undefined);
  if (first === undefined) handler.required('must specify a handler type');
  else validateAction(first, handler.object(first), grace);
  for (const kind of more) handler.object(kind).forbidden('may not specify more than 1 handler type');
}

function validateAction(kind: string, action: Field, grace: number) {
  if (kind === 'exec') action.list('command').notEmpty();
  else if (kind === 'sleep') {
    const seconds = action.count('seconds').at(action.path);
    seconds.between(0, grace, `must be non-negative and less than terminationGracePeriodSeconds (${grace})`);
  } else checkPortOrName(action.member('port'));
  if (kind !== 'httpGet') return;
  action.text('path').notEmpty();
  action.text('scheme').oneOf(SCHEMES);
  for (const header of action.objects('httpHeaders')) {
    const name = header.text('name').at(`${action.path}.httpHeaders`);
    if (!/^[-A-Za-z0-9]+$/.test(name.value)) name.invalid(HEADER);
  }
}

/** Checks the hooks of a container, whose pod has the grace period. */
export function validateLifecycle(lifecycle: Field, grace: number): void {
  for (const hook of ['postStart', 'preStop']) {
    const handler = lifecycle.optional(hook);
    if (handler !== undefined) validateHandler(handler, grace);
  }
}

const PERIODS = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'];

/** Checks a probe. `kind` is the container's member that has the probe, e.g. `livenessProbe`. */
export function validateProbe(probe: Field, kind: string): void {
  validateHandler(probe, Number.MAX_SAFE_INTEGER);
  for (const key of PERIODS) probe.number(key).notNegative();
  const grace = probe.number('terminationGracePeriodSeconds');
  if (kind === 'readinessProbe') {
    if (grace.value !== undefined) grace.invalid('must not be set for readinessProbes');
    return;
  }
  grace.atLeast(1, 'must be greater than 0');
  probe.number('successThreshold').between(1, 1, 'must be 1');
}

/** Checks a port that is a number or a name. */
export function checkPortOrName(port: Field<JsonValue | undefined>): void {
  const { value, path, problems } = port;
  if (typeof value === 'string') problems.invalidFor(path, value, portName(value));
  else port.port();
}
