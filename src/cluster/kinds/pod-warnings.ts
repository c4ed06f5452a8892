import type { JsonObject } from '../../core/index.ts';
import { objectsAt, optionalAt, objectAt, textAt } from './parts.ts';

/** What is legal in a pod's specification but likely a mistake. */
export function podWarnings(spec: JsonObject, path: string): string[] {
  const warnings: string[] = [];
  for (const key of ['beta.kubernetes.io/arch', 'beta.kubernetes.io/os']) {
    if (objectAt(spec, 'nodeSelector')[key] !== undefined) {
      warnings.push(`${path}.nodeSelector[${key}]: deprecated since v1.14; use "${key.replace('beta.', '')}" instead`);
    }
  }
  for (const [index, constraint] of objectsAt(spec, 'topologySpreadConstraints').entries()) {
    if (optionalAt(constraint, 'labelSelector') === undefined) {
      warnings.push(
        `${path}.topologySpreadConstraints[${index}].labelSelector: a null labelSelector results in matching no pod`,
      );
    }
  }
  for (const key of ['initContainers', 'containers']) {
    for (const [index, container] of objectsAt(spec, key).entries())
      warnings.push(...containerWarnings(container, `${path}.${key}[${index}]`));
  }
  return warnings;
}

function containerWarnings(container: JsonObject, at: string): string[] {
  const warnings: string[] = [];
  const names = new Set<string>();
  for (const [index, entry] of objectsAt(container, 'env').entries()) {
    const name = textAt(entry, 'name');
    if (names.has(name))
      warnings.push(
        `${at}.env[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
      );
    names.add(name);
  }
  const ports = new Map<string, number>();
  for (const [index, port] of objectsAt(container, 'ports').entries()) {
    const key = `${String(port['containerPort'])}/${textAt(port, 'protocol')}/${String(port['hostPort'] ?? 0)}/${textAt(port, 'hostIP')}`;
    const first = ports.get(key);
    if (first !== undefined)
      warnings.push(`${at}.ports[${index}]: duplicate port definition with ${at}.ports[${first}]`);
    else ports.set(key, index);
  }
  return warnings;
}
