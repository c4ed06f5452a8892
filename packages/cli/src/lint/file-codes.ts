import { traceCodes } from '@typekro/sdk/compose';
import type { CodeInfo } from '@typekro/kit/core';
import { diagnosticCodes } from '@typekro/engine/graph';
import { schemaCodes } from '@typekro/engine/schema';

const RGD = (resources: string): string => `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: shop }
spec:
  schema: { apiVersion: v1alpha1, kind: Shop, spec: { name: string } }
  resources:
${resources}`;

const WEB = `    - id: web
      template:
        apiVersion: v1
        kind: Pod
        metadata: { name: web, labels: { app: web } }
`;

const SETTINGS = `    - id: settings
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: settings }, data: { level: debug } }
`;

const podWith = (env: string): string =>
  RGD(`${SETTINGS}${WEB}        spec:
          containers:
            - { name: web, image: nginx, env: [{ name: LEVEL, valueFrom: { configMapKeyRef: ${env} } }] }
`);

/** The codes of problems that `validate`, `lint`, `plan` and `up` find in files with objects. */
const fileCodes: readonly CodeInfo[] = [
  {
    code: 'input/empty',
    severity: 'warning',
    summary:
      'A file holds no object. Most often, the file was not saved. The problem is an error when no file has what the command needs.',
    example: '# an object comes here later\n',
    remedy: 'Write an object into the file, or leave the file out of the command.',
  },
  {
    code: 'input/missing-reference',
    severity: 'warning',
    summary:
      'An object refers to another object by its name, and no object of that kind in the files has this name. A pod that needs the object does not start, and a route to it has no backend.',
    example: podWith('{ name: setings, key: level }'),
    remedy: 'Correct the name, add the object, or declare it with externalRef when the cluster has it already.',
  },
  {
    code: 'input/endless-instances',
    severity: 'warning',
    summary:
      'Definitions create instances of each other, or of themselves, without a condition. Each instance leads to more instances, without an end.',
    example: RGD(`    - id: next
      template: { apiVersion: kro.run/v1alpha1, kind: Shop, metadata: { name: next }, spec: { name: a } }
`),
    remedy: 'Give one of the resources a condition (includeWhen) that ends the chain.',
  },
  {
    code: 'input/missing-key',
    severity: 'warning',
    summary:
      'An object reads a key that the named ConfigMap or Secret does not have. The container that needs it does not start.',
    example: podWith('{ name: settings, key: levle }'),
    remedy: 'Correct the key, add it to the ConfigMap or Secret, or mark the reference as optional.',
  },
  {
    code: 'input/port-mismatch',
    severity: 'warning',
    summary:
      'A Service, a probe or a route names a port that its pods, its container or its Service does not have. No request arrives.',
    example:
      RGD(`${WEB}        spec: { containers: [{ name: web, image: nginx, ports: [{ name: http, containerPort: 80 }] }] }
    - id: front
      template:
        apiVersion: v1
        kind: Service
        metadata: { name: front }
        spec: { selector: { app: web }, ports: [{ port: 80, targetPort: htpp }] }
`),
    remedy: 'Use the name or the number of a port that the containers declare; in a route, a port of the Service.',
  },
  {
    code: 'input/duplicate',
    severity: 'error',
    summary: 'The files have the same object twice, and the later one would overwrite the earlier one.',
    example: `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\n`,
    remedy: 'Remove one of the two, or give it another name or namespace.',
  },
  {
    code: 'input/unknown-field',
    severity: 'error',
    summary: 'An object has a field that its kind does not have. The API server refuses or drops it.',
    example: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndatas: { level: debug }\n',
    remedy: 'Correct the name of the field, as the hint says; typekro explain KIND lists the fields of a kind.',
  },
  {
    code: 'input/invalid-field',
    severity: 'error',
    summary: 'A field of an object has a value that the API server or the controller refuses.',
    example: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { level: [debug] }\n',
    remedy: 'Write a value of the type that the message names; typekro explain KIND.FIELD shows what a field takes.',
  },
  {
    code: 'input/deprecated-version',
    severity: 'warning',
    summary:
      'An object is written in a version of its kind that the author of the kind has deprecated. The message is the text of the author. The version still works, and may end later.',
    example: `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: site }
spec:
  schema:
    apiVersion: v1
    kind: Site
    spec: { host: string }
    versions:
      - { name: v1alpha1, deprecated: true, spec: { host: string } }
  resources:
    - id: settings
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${schema.metadata.name}" } }
---
apiVersion: kro.run/v1alpha1
kind: Site
metadata: { name: blog }
spec: { host: blog.example.com }
`,
    remedy:
      'Write the object in another version of its kind; typekro explain KIND shows the versions and their fields.',
  },
  {
    code: 'input/not-an-object',
    severity: 'error',
    summary: 'A document of the file is not a Kubernetes object, or lacks apiVersion, kind or metadata.name.',
    example: 'kind: ConfigMap\nmetadata: { name: settings }\n',
    remedy: 'Add the missing field, or render the file with the tool that it belongs to (Helm, Kustomize).',
  },
];

/** Returns all codes that `docs/diagnostics.md` and `typekro explain` document. */
export const documentedCodes = (): readonly CodeInfo[] => [
  ...fileCodes,
  ...diagnosticCodes,
  ...schemaCodes,
  ...traceCodes,
];
