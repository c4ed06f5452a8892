import type { JsonObject, KubeObject } from '../../core/index.ts';
import { jsonEquals } from '../../core/index.ts';
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldRequired } from '../http/problems.ts';
import type { FieldProblem } from '../http/status.ts';
import type { Strategy } from '../registry/strategy.ts';
import { parseQuantity } from '../types/quantity.ts';
import { validateClaimSpec } from './claims.ts';
import { dnsLabel } from './names.ts';
import { describeDifference } from './object-diff.ts';
import { ensureAt, fill, listAt, objectAt, objectsAt, optionalAt, textAt } from './parts.ts';

const json = (object: KubeObject) => object as unknown as JsonObject;

export const namespaceStrategy: Partial<Strategy> = {
  validateName: (name) => (name.includes('.') ? ['must not contain dots'] : dnsLabel(name)),
  defaults(object) {
    const name = object.metadata.name ?? '';
    if (name !== '') object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': name };
  },
  prepareCreate(object) {
    const spec = ensureAt(json(object), 'spec');
    const finalizers = listAt(spec, 'finalizers');
    if (!finalizers.includes('kubernetes')) spec['finalizers'] = [...finalizers, 'kubernetes'];
    object.status = { phase: 'Active' };
    object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name ?? '' };
  },
  prepareUpdate(object, old, context) {
    if (context.subresource === '') {
      const finalizers = old.spec?.['finalizers'];
      const spec = ensureAt(json(object), 'spec');
      if (finalizers === undefined) delete spec['finalizers'];
      else spec['finalizers'] = finalizers;
    }
  },
};

export const claimStrategy: Partial<Strategy> = {
  defaults: (object) => fill(ensureAt(json(object), 'spec'), { volumeMode: 'Filesystem' }),
  prepareCreate(object, context) {
    object.status = { phase: 'Pending' };
    object.metadata.finalizers = [...new Set([...(object.metadata.finalizers ?? []), 'kubernetes.io/pvc-protection'])];
    const spec = ensureAt(json(object), 'spec');
    if (spec['storageClassName'] !== undefined) return;
    const fallback = context.api.store
      .collection('storage.k8s.io', 'storageclasses')
      .all()
      .find(
        ({ object: candidate }) =>
          candidate.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true',
      );
    if (fallback !== undefined) spec['storageClassName'] = fallback.object.metadata.name ?? '';
  },
  validate: (object, problems) => validateClaimSpec(object.spec ?? {}, 'spec', problems),
  validateUpdate(object, old, problems, context) {
    if (context.subresource !== '') return;
    claimStrategy.validate?.(object, problems, context);
    const frozen = (source: KubeObject): JsonObject => {
      const { resources: _resources, volumeName, volumeAttributesClassName: _class, ...rest } = source.spec ?? {};
      return { ...rest, ...(old.spec?.['volumeName'] === undefined ? {} : { volumeName }) };
    };
    if (jsonEquals(frozen(object), frozen(old))) return;
    const text =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    problems.push(
      fieldForbidden(
        'spec',
        `${text}\n${describeDifference('core.v1.PersistentVolumeClaimSpec', old.spec ?? {}, object.spec ?? {})}`,
      ),
    );
  },
};

export const volumeStrategy: Partial<Strategy> = {
  defaults(object) {
    fill(ensureAt(json(object), 'spec'), { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' });
  },
  prepareCreate(object) {
    object.status = { phase: 'Pending' };
    object.metadata.finalizers = [...new Set([...(object.metadata.finalizers ?? []), 'kubernetes.io/pv-protection'])];
  },
};

export const storageClassStrategy: Partial<Strategy> = {
  defaults: (object) => fill(json(object), { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  validate(object, problems) {
    if (textAt(json(object), 'provisioner') === '') problems.push(fieldRequired('provisioner'));
  },
  validateUpdate(object, old, problems) {
    for (const key of ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode']) {
      if (!jsonEquals(json(object)[key], json(old)[key]))
        problems.push(fieldForbidden(key, `updates to ${key} are forbidden.`));
    }
  },
};

export const priorityClassStrategy: Partial<Strategy> = {
  defaults: (object) => fill(json(object), { preemptionPolicy: 'PreemptLowerPriority' }),
  validateUpdate(object, old, problems) {
    if (!jsonEquals(json(object)['value'], json(old)['value']))
      problems.push(fieldForbidden('value', 'may not be changed in an update.'));
  },
};

export const quotaStrategy: Partial<Strategy> = {
  validate(object, problems) {
    for (const [name, value] of Object.entries(objectAt(object.spec, 'hard'))) {
      if ((parseQuantity(String(value))?.value ?? 0n) < 0n)
        problems.push(fieldInvalid(`spec.hard[${name}]`, value, 'must be greater than or equal to 0'));
    }
  },
};

export const endpointSliceStrategy: Partial<Strategy> = {
  defaults(object) {
    for (const port of objectsAt(json(object), 'ports')) {
      port['name'] ??= '';
      fill(port, { protocol: 'TCP' });
    }
  },
  validate(object, problems) {
    const type = textAt(json(object), 'addressType');
    const types = ['FQDN', 'IPv4', 'IPv6'];
    if (type === '') problems.push(fieldRequired('addressType'));
    else if (!types.includes(type)) problems.push(fieldNotSupported('addressType', type, types));
  },
  validateUpdate(object, old, problems, context) {
    endpointSliceStrategy.validate?.(object, problems, context);
    if (!jsonEquals(json(object)['addressType'], json(old)['addressType'])) {
      problems.push(fieldInvalid('addressType', json(object)['addressType'], 'field is immutable'));
    }
  },
};

export const budgetStrategy: Partial<Strategy> = {
  validate(object, problems) {
    const spec = object.spec ?? {};
    if (spec['minAvailable'] !== undefined && spec['maxUnavailable'] !== undefined) {
      const shown = {
        MinAvailable: spec['minAvailable'],
        Selector: spec['selector'] ?? null,
        MaxUnavailable: spec['maxUnavailable'],
        UnhealthyPodEvictionPolicy: spec['unhealthyPodEvictionPolicy'] ?? null,
      };
      problems.push(fieldInvalid('spec', shown, 'minAvailable and maxUnavailable cannot be both set'));
    }
  },
};

export const eventStrategy: Partial<Strategy> = {
  validate(object, problems) {
    const involved = optionalAt(json(object), 'involvedObject') ?? optionalAt(json(object), 'regarding') ?? {};
    const place = json(object)['regarding'] === undefined ? 'involvedObject' : 'regarding';
    const namespace = textAt(involved, 'namespace');
    const expected = namespace === '' ? 'default' : namespace;
    if (object.metadata.namespace !== expected && !(namespace === '' && object.metadata.namespace === 'kube-system')) {
      problems.push(fieldInvalid(`${place}.namespace`, namespace, 'does not match event.namespace'));
    }
  },
  validateUpdate: (_object, _old, _problems: FieldProblem[]) => {},
};
