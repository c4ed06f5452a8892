import { expect, test } from 'vitest';
import type { JsonObject } from '../../core/index.ts';
import type { FieldError } from '../../kubernetes/index.ts';
import { statefulSetStrategy } from './workloads.ts';

const claim = (name: string): JsonObject => ({
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
});

/** The problems of a StatefulSet whose container has these fields. */
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
  const problems: FieldError[] = [];
  statefulSetStrategy.validate?.(object, problems, {} as never);
  return problems.map(({ field, message }) => `${field}: ${message}`);
}

const mounts = (...names: string[]): JsonObject => ({
  volumeMounts: names.map((name) => ({ name, mountPath: `/${name}` })),
});
const own = (name: string): JsonObject => ({ name, emptyDir: {} });
const TEMPLATE = 'spec.template.spec';

test.each<[title: string, problems: string[], expected: string[]]>([
  ['mounts the volume of a claim template', problemsOf(['data'], mounts('data')), []],
  ['mounts it as a device', problemsOf(['data'], { volumeDevices: [{ name: 'data', devicePath: '/d' }] }), []],
  ['mounts claims and volumes of the pod', problemsOf(['data'], mounts('data', 'tmp'), [own('tmp')]), []],
  ['may have a volume and a claim template of one name', problemsOf(['data'], mounts('data'), [own('data')]), []],
  [
    'mounts nothing that is not defined',
    problemsOf(['data'], mounts('date')),
    [`${TEMPLATE}.containers[0].volumeMounts[0].name: Not found: "date"`],
  ],
  [
    'counts volumes after the claim templates',
    problemsOf(['data'], {}, [own('tmp'), own('tmp')]),
    [`${TEMPLATE}.volumes[2].name: Duplicate value: "tmp"`],
  ],
])('a StatefulSet %s', (_, problems, expected) => expect(problems).toEqual(expected));
