/** The downward API: fields of the pod and resources of a container, as strings for variables and files. */
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { quantityOf, quantityToFloat, textAt, valueAt } from '@typekro/kit/kubernetes';
import { containersOf } from '../kinds/pods/pod-resources.ts';
import { PROCESS_LIMITS } from '../pods/node-capacity.ts';

/** Addresses of the pod that its stored status may not have yet. */
export interface PodFacts {
  readonly address: string;
  readonly hostAddress: string;
}

/** The value of a pod field as a string; `''` for a missing label or annotation; `undefined` for an unknown path. */
export function fieldText(pod: KubeObject, path: string, { address, hostAddress }: PodFacts): string | undefined {
  const { metadata, spec } = pod;
  const keyed = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (keyed !== null) {
    const entries = (keyed[1] === 'labels' ? metadata.labels : metadata.annotations) ?? {};
    const key = keyed[2] ?? '';
    return Object.hasOwn(entries, key) ? entries[key] : '';
  }
  switch (path) {
    case 'metadata.name':
      return metadata.name ?? '';
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    case 'metadata.labels':
      return linesOf(metadata.labels);
    case 'metadata.annotations':
      return linesOf(metadata.annotations);
    case 'spec.nodeName':
    // The former name of the field.
    case 'spec.host':
      return textAt(spec, 'nodeName');
    case 'spec.serviceAccountName':
      return textAt(spec, 'serviceAccountName');
    case 'status.podIP':
    case 'status.podIPs':
      return address;
    case 'status.hostIP':
    case 'status.hostIPs':
      return hostAddress;
    default:
      return undefined;
  }
}

const linesOf = (entries: Readonly<Record<string, string>> = {}): string =>
  Object.keys(entries)
    .toSorted()
    .map((key) => `${key}=${goQuote(entries[key] ?? '')}`)
    .join('\n');

/**
 * The amount of a container's resource as a string, divided by the divisor and rounded up. A missing limit is replaced
 * by the limit in `PROCESS_LIMITS`, and a missing request by 0. `undefined` for an unknown container, and for a limit
 * that neither the container nor `PROCESS_LIMITS` has.
 */
export function resourceText(pod: KubeObject, own: JsonObject, reference: JsonObject): string | undefined {
  const named = textAt(reference, 'containerName');
  const container = named === '' ? own : containersOf(pod.spec).find(({ name }) => name === named);
  const [list = '', resource = ''] = textAt(reference, 'resource').split(/\.(.*)/);
  if (container === undefined || (list !== 'limits' && list !== 'requests')) return undefined;
  const set = valueAt(container, 'resources', list, resource);
  const fallback = Object.hasOwn(PROCESS_LIMITS, resource) ? PROCESS_LIMITS[resource] : undefined;
  const amount = quantityOf(set ?? (list === 'limits' ? fallback : '0'));
  const divisor = quantityOf(reference['divisor'] ?? '1') ?? quantityOf('1');
  if (amount === undefined || divisor === undefined) return undefined;
  const unit = quantityToFloat(divisor) || 1;
  // The subtraction compensates the rounding error of a floating-point quotient.
  return String(Math.ceil(quantityToFloat(amount) / unit - 1e-9));
}
