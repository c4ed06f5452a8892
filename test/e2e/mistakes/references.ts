import { OBJECTS, WEB_APP } from './base.ts';
import { type Mistake, edit } from './mistake.ts';

const inSite = (title: string, from: string, to: string, reason: RegExp, remedy: RegExp): Mistake => ({
  title,
  files: { 'site.yaml': edit(WEB_APP, [from, to]) },
  command: ['validate', '--strict', 'site.yaml'],
  reason,
  remedy,
});

const inObjects = (title: string, from: string, to: string, reason: RegExp, remedy: RegExp): Mistake => ({
  title,
  files: { 'web.yaml': edit(OBJECTS, [from, to]) },
  command: ['validate', '--strict', 'web.yaml'],
  reason,
  remedy,
});

const TARGET = 'targetPort: http';
const BACKEND = 'name: ${service.metadata.name}';

/**
 * References to names, keys and ports that do not exist in the files. They cause warnings, and errors with `--strict`.
 */
export const referenceMistakes: readonly Mistake[] = [
  inSite('a targetPort name that no container port has', TARGET, 'targetPort: ⟦htpp', /named "htpp"/, /mean http\?/),
  inSite('a targetPort that no container lists', TARGET, 'targetPort: ⟦8081', /port 8081/, /ports are 8080/),
  inSite(
    'a port that no container lists, without targetPort',
    `port: 80\n              ${TARGET}`,
    'port: ⟦80',
    /port 80,/,
    /ports are 8080.*targetPort/,
  ),
  inSite(
    'an Ingress for a Service that does not exist',
    BACKEND,
    'name: ⟦web',
    /no Service/,
    /\$\{schema\.spec\.name\}/,
  ),
  inSite(
    'an Ingress with a wrong suffix in the Service name',
    BACKEND,
    'name: ⟦${schema.spec.name}-svc',
    /no Service.*-svc/,
    /\$\{schema\.spec\.name\}/,
  ),
  inSite(
    'an Ingress for a port that the Service does not have',
    'number: 80',
    'number: ⟦8443',
    /port 8443/,
    /ports are 80\b/,
  ),
  inSite(
    'an Ingress for a port name that the Service does not have',
    'number: 80',
    'name: ⟦wbe',
    /named "wbe"/,
    /mean web\?/,
  ),
  inSite(
    'a reference to a ConfigMap that no file creates',
    'name: ${schema.spec.name}-config\n                          key: level',
    'name: ⟦cfg\n                          key: level',
    /no ConfigMap here is named cfg/,
    /-config/,
  ),
  inSite('a key that the ConfigMap does not have', 'key: level', 'key: ⟦levle', /no key levle/, /mean level\?/),
  inSite(
    'a reference to a claim that no file creates',
    'claimName: ${schema.spec.name}-data',
    'claimName: ⟦${schema.spec.name}-dta',
    /no PersistentVolumeClaim/,
    /mean .*-data\?/,
  ),
  inSite(
    'a reference to a service account that no file creates',
    'serviceAccountName: ${account.metadata.name}',
    'serviceAccountName: ⟦robot',
    /no ServiceAccount here is named robot/,
    /correct the name/,
  ),
  inSite(
    'an autoscaler of a Deployment that does not exist',
    'kind: Deployment\n            name: ${schema.spec.name}',
    'kind: Deployment\n            name: ⟦${schema.spec.name}-web',
    /no Deployment/,
    /\$\{schema\.spec\.name\}/,
  ),
  inSite('a probe of a port name that the container does not have', 'port: http', 'port: ⟦web', /named "web"/, /http/),
  inObjects(
    'objects: a targetPort name that no container port has',
    'targetPort: 8080',
    'targetPort: ⟦http',
    /named "http"/,
    /8080/,
  ),
  inObjects('objects: a targetPort that no container lists', 'targetPort: 8080', 'targetPort: ⟦80', /port 80/, /8080/),
];

/** References that are correct, or that the command cannot check. They cause no message. */
export const soundReferences: readonly (readonly [title: string, files: Readonly<Record<string, string>>])[] = [
  ['a definition without a mistake', { 'site.yaml': WEB_APP }],
  [
    'a claim whose size is an expression',
    {
      'disk.yaml':
        'apiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\nmetadata: {name: disk}\nspec:\n  schema: {apiVersion: v1alpha1, kind: Disk, spec: {size: string}}\n' +
        '  resources:\n    - id: data\n      template:\n        apiVersion: v1\n        kind: PersistentVolumeClaim\n        metadata: {name: "${schema.metadata.name}"}\n' +
        '        spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: "${schema.spec.size}"}}}\n',
    },
  ],
  [
    'a container that lists no port',
    { 'web.yaml': edit(OBJECTS, ['          ports:\n            - containerPort: 8080\n', '']) },
  ],
  [
    'a ConfigMap with a key that an expression computes',
    { 'site.yaml': edit(WEB_APP, ['          level: info', '          "${schema.spec.settings}": info']) },
  ],
  [
    'a Service whose port is in a container that an expression computes',
    {
      'site.yaml': edit(
        WEB_APP,
        ['targetPort: http', 'targetPort: extra'],
        [
          '                - name: web\n                  image',
          '                - \'${{"name": schema.spec.name, "image": "nginx:1.27", "ports": [{"name": "extra", "containerPort": 9090}]}}\'\n                - name: web\n                  image',
        ],
      ),
    },
  ],
  [
    'a Service that may select pods whose metadata an expression computes',
    {
      'site.yaml': edit(
        WEB_APP,
        ['targetPort: http', 'targetPort: extra'],
        [
          '    - id: service\n',
          `    - id: other
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: "\${schema.spec.name}-other"}
        spec:
          selector: {matchLabels: {app: "\${schema.spec.name}"}}
          template:
            metadata: "\${deployment.spec.template.metadata}"
            spec: {containers: [{name: a, image: "nginx:1.27", ports: [{name: extra, containerPort: 9090}]}]}
    - id: service\n`,
        ],
      ),
    },
  ],
  [
    'a ConfigMap that may be missing',
    {
      'site.yaml': edit(
        WEB_APP,
        ['key: level', 'key: level\n                          optional: true'],
        ['-config\n                          key', '-other\n                          key'],
      ),
    },
  ],
  [
    'a ConfigMap that the definition reads from the cluster',
    {
      'site.yaml': edit(
        WEB_APP,
        [
          'name: ${schema.spec.name}-config\n                          key: level',
          'name: cfg\n                          key: level',
        ],
        [
          '  resources:\n',
          '  resources:\n    - id: settings\n      externalRef:\n        apiVersion: v1\n        kind: ConfigMap\n        metadata:\n          name: cfg\n',
        ],
      ),
    },
  ],
  [
    'a plain object that refers to objects which may exist in the cluster',
    { 'web.yaml': edit(OBJECTS, ['      containers:', '      serviceAccountName: robot\n      containers:']) },
  ],
  [
    'a selector that also matches another workload',
    {
      'web.yaml':
        edit(OBJECTS, ['targetPort: 8080', 'targetPort: 9090']) +
        `---\n${edit(OBJECTS.split('---\n')[0] ?? '', ['  name: web\n', '  name: other\n'], ['containerPort: 8080', 'containerPort: 9090'])}`,
    },
  ],
];
