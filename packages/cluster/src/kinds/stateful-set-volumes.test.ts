import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { statefulSetStrategy } from './workload-strategies.ts';
import { Problems } from '../errors/field-problems.ts';

const claim = (name: string): JsonObject => ({
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
});

/** The problems of a StatefulSet with these claim templates, container fields and pod volumes. */
function problemsOf(claims: readonly string[], container: JsonObject, volumes: JsonObject[] = []): string[] {
  const spec: JsonObject = {
    selector: { matchLabels: { a: 'b' } },
    template: {
      metadata: { labels: { a: 'b' } },
      spec: { containers: [{ name: 'c', image: 'i', ...container }], volumes },
    },
    volumeClaimTemplates: claims.map(claim),
  };
  const object = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 's' }, spec };
  statefulSetStrategy.defaults?.(object);
  const problems = new Problems();
  statefulSetStrategy.validate?.(object, problems, {} as never);
  return problems.map(({ field, message }) => `${field}: ${message}`);
}

const mounts = (...names: string[]): JsonObject => ({
  volumeMounts: names.map((name) => ({ name, mountPath: `/${name}` })),
});
const own = (name: string): JsonObject => ({ name, emptyDir: {} });
const TEMPLATE = 'spec.template.spec';

test.each<[title: string, problems: string[], expected: string[]]>([
  ['may mount the volume of a claim template', problemsOf(['data'], mounts('data')), []],
  [
    'may use the volume of a claim template as a device',
    problemsOf(['data'], { volumeDevices: [{ name: 'data', devicePath: '/d' }] }),
    [],
  ],
  [
    'may mount both claim templates and volumes of the pod',
    problemsOf(['data'], mounts('data', 'tmp'), [own('tmp')]),
    [],
  ],
  [
    'may have a volume and a claim template with the same name',
    problemsOf(['data'], mounts('data'), [own('data')]),
    [],
  ],
  [
    'may not mount an undefined volume',
    problemsOf(['data'], mounts('date')),
    [`${TEMPLATE}.containers[0].volumeMounts[0].name: Not found: "date"`],
  ],
  [
    'has errors whose volume indexes start after the claim templates',
    problemsOf(['data'], {}, [own('tmp'), own('tmp')]),
    [`${TEMPLATE}.volumes[2].name: Duplicate value: "tmp"`],
  ],
])('a StatefulSet %s', (_, problems, expected) => expect(problems).toEqual(expected));
