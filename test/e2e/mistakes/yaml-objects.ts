import { DEFINITION, OBJECTS } from './base.ts';
import { type Mistake, edit } from './mistake.ts';

const objects = (
  title: string,
  changes: readonly (readonly [from: string, to: string])[],
  reason: RegExp,
  remedy: RegExp,
  more: Partial<Mistake> = {},
): Mistake => ({ title, files: { 'web.yaml': edit(OBJECTS, ...changes) }, reason, remedy, ...more });

const plain = (title: string, text: string, reason: RegExp, remedy: RegExp, more: Partial<Mistake> = {}): Mistake => ({
  title,
  files: { 'a.yaml': text },
  reason,
  remedy,
  ...more,
});

/** Mistakes in Kubernetes objects outside definitions. */
export const objectMistakes: readonly Mistake[] = [
  objects(
    'the environment as a map',
    [
      [
        '          ports:\n            - containerPort: 8080',
        '          env:\n            ⟦MODE: fast\n            SIZE: 2',
      ],
    ],
    /env: an object is written where a list is expected/,
    /a list of names and values: - \{name: MODE, value: fast\}$/m,
  ),
  objects(
    'a port as Docker Compose writes it',
    [['- containerPort: 8080', '- ⟦"8080:80"']],
    /the string "8080:80" is written where an object/,
    /write - containerPort: 80$/m,
  ),
  objects(
    'replicas as a text',
    [['replicas: 2', 'replicas: ⟦"2"']],
    /the string "2" is written where a whole number/,
    /without quotes: 2/,
  ),
  objects(
    'replicas below zero',
    [['replicas: 2', 'replicas: ⟦-2']],
    /-2.*greater than or equal to 0/,
    /0 or a larger number/,
  ),
  ...['123', '1.20', '0755', '1e3', '1_0', '0x1F', '20261231235959999999', 'yes', 'off'].flatMap((text) =>
    [
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: ⟦?}\n',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {b: ⟦?}}\n',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ⟦?}\n',
      edit(DEFINITION, ['name: shop', 'name: shop\n  annotations: {b: ⟦?}']),
      edit(DEFINITION, ['kind: Shop', 'kind: ⟦?']),
    ].map((whole, index) =>
      plain(`${text} as string ${index}`, edit(whole, ['⟦?', `⟦${text}`]), /a string/, RegExp(`in quotes: "${text}"`)),
    ),
  ),
  objects(
    'a label with a space',
    [['  labels:\n    app: web\nspec', '  labels:\n    app: ⟦my web\nspec']],
    /my web/,
    /letters, digits/,
  ),
  objects(
    'a label key with two slashes',
    [['  labels:\n    app: web\nspec', '  labels:\n    ⟦a/b/c: web\nspec']],
    /a\/b\/c/,
    /name|prefix|letters/,
  ),
  objects(
    'one container instead of a list',
    [
      [
        '        - name: web\n          image: nginx:1.27\n          ports:\n            - containerPort: 8080\n',
        '        name: web\n          image: nginx:1.27\n          ports:\n            - containerPort: 8080\n',
      ],
    ],
    /list|indented/,
    /- |column/,
    { place: /web\.yaml:(?:19|20):\d+|web\.yaml:1[78]:\d+/ },
  ),
  objects(
    'labels that the selector does not match',
    [['    metadata:\n      labels:\n        app: web\n', '    metadata:\n      labels:\n        app: wbe\n']],
    /selector.*does not match/,
    /labels of spec\.selector/,
    { place: /web\.yaml:1[3-5]:\d+/ },
  ),
  objects('a request over the limit', [['memory: 64Mi', 'memory: ⟦256Mi']], /256Mi.*limit/, /raise the limit/),
  objects('a quantity with a wrong unit', [['memory: 128Mi', 'memory: ⟦128MB']], /128MB|quantit/, /128Mi/),
  objects(
    'a quantity in lower case',
    [['memory: 128Mi', 'memory: ⟦128mi']],
    /"128mi": this is not a quantity/,
    /128Mi/,
  ),
  objects(
    'a CPU quantity in a memory unit',
    [['memory: 128Mi', 'cpu: ⟦500mi']],
    /"500mi": this is not a quantity/,
    /here perhaps 500m/,
  ),
  plain(
    'a Job whose pods restart always',
    'apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\nspec:\n  template: {spec: {restartPolicy: ⟦Always, containers: [{name: a, image: a}]}}\n',
    /restartPolicy: Required value/,
    /write OnFailure or Never/,
  ),
  objects('a protocol in lower case', [['      port: 80\n', '      protocol: ⟦tcp\n      port: 80\n']], /tcp/, /TCP/),
  objects(
    'two ports with the same name',
    [['      targetPort: 8080\n', '      targetPort: 8080\n    - name: ⟦http\n      port: 81\n']],
    /Duplicate value: "http"/,
    /its own value/,
  ),
  objects(
    'two ports without names',
    [['    - name: http\n      port: 80\n      targetPort: 8080\n', '    - port: 80\n    - port: 81\n']],
    /ports\[\d\]\.name: Required/,
    /add name/,
    { place: /web\.yaml:3\d:\d+/ },
  ),
  objects('a port of 0', [['      port: 80\n', '      port: ⟦0\n']], /between 1 and 65535/, /1 to 65535/),
  objects(
    'a Service whose name begins with a digit',
    [['kind: Service\nmetadata:\n  name: web', 'kind: Service\nmetadata:\n  name: ⟦1_web']],
    /1_web/,
    /"web"|for example/,
  ),
  objects(
    'an invalid type of Service',
    [['spec:\n  selector:\n    app: web\n  ports', 'spec:\n  type: ⟦Loadbalancer\n  selector:\n    app: web\n  ports']],
    /Loadbalancer/,
    /LoadBalancer/,
  ),
  objects(
    'a restart policy for jobs only',
    [['      containers:', '      restartPolicy: ⟦Never\n      containers:']],
    /Never/,
    /Always/,
  ),
  objects(
    'a kind of an old version',
    [['apiVersion: apps/v1', 'apiVersion: ⟦extensions/v1beta1']],
    /extensions\/v1beta1/,
    /apps\/v1/,
  ),
  objects(
    'a container twice',
    [
      [
        '          resources:\n            requests:\n              memory: 64Mi\n            limits:\n              memory: 128Mi\n',
        '        - ⟦name: web\n          image: nginx\n',
      ],
    ],
    /Duplicate value: .*"web"/,
    /its own value/,
  ),
  plain(
    'a CronJob with an invalid schedule',
    'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec:\n  schedule: ⟦every day\n  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}}}\n',
    /every day/,
    /five fields/,
  ),
  plain(
    'an Ingress without a path type',
    'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec:\n  rules:\n    - http:\n        paths:\n          - ⟦path: /\n            backend: {service: {name: a, port: {number: 80}}}\n',
    /pathType/,
    /add pathType/,
  ),
  plain(
    'a Secret whose data is not base64',
    'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  password: ⟦"s3cret!"\n',
    /base64/,
    /stringData|base64/,
  ),
  plain(
    'a ConfigMap with a boolean',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  on: true\n',
    /true is written where a string|key/,
    /"true"|quote/,
    { place: /a\.yaml:5:\d+/ },
  ),
  plain(
    'a claim without a size',
    'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a}\nspec:\n  accessModes: [ReadWriteOnce]\n',
    /resources|storage/,
    /add|set/,
    { place: /a\.yaml:[45]:\d+/ },
  ),
  plain(
    'an invalid access mode',
    'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a}\nspec:\n  accessModes: [⟦ReadWriteonce]\n  resources: {requests: {storage: 1Gi}}\n',
    /ReadWriteonce/,
    /ReadWriteOnce/,
  ),
  plain('no kind', '⟦apiVersion: v1\nmetadata: {name: a}\n', /kind/, /kind/),
  plain('no name', 'apiVersion: v1\nkind: ConfigMap\n⟦metadata: {labels: {a: b}}\n', /metadata\.name/, /name/),
  plain(
    'an object twice',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: ⟦a}\n',
    /twice; the first is a\.yaml:1/,
    /leave one of them out/,
  ),
  plain(
    'a role with an invalid list of verbs',
    'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: a}\nrules:\n  - apiGroups: [""]\n    resources: [pods]\n    verbs: ⟦get\n',
    /the string "get" is written where a list/,
    /"- "/,
  ),
  plain(
    'a Namespace whose name has an underscore',
    'apiVersion: v1\nkind: Namespace\nmetadata: {name: a_b}\n'.replace('a_b', '⟦a_b'),
    /a_b/,
    /"a-b"/,
  ),
  plain(
    'a template of Helm',
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ⟦{{ .Release.Name }}-config\n',
    /Helm template/,
    /helm template CHART/,
  ),
  plain(
    'a template of Helm with blocks',
    '⟦{{- if .Values.on }}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n{{- end }}\n',
    /Helm template/,
    /helm template CHART/,
  ),
  plain(
    'a template of Helm in quotes',
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ⟦"{{ .Values.name }}"\n',
    /template of Helm/,
    /helm template CHART/,
  ),
  plain(
    'a variable of a shell',
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ⟦${NAME}\n',
    /a shell must replace/,
    /replace NAME/,
  ),
  plain('typographic quotes', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ⟦“a”}\n', /quotes/, /straight/),
  plain(
    'four dashes',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n⟦----\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\n',
    /does not divide/,
    /three dashes/,
  ),
  plain('a list of objects', '⟦- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n', /is a list/, /---|List/),
  plain('HTML', '⟦<!DOCTYPE html><html></html>\n', /a page of HTML/, /apiVersion, kind/),
  plain('a string', '⟦hello world\n', /is a string/, /apiVersion, kind and metadata/),
  plain('a file of Docker Compose', '⟦services:\n  web: {image: nginx}\n', /Docker Compose/, /Deployment/),
  plain('a kustomization', '⟦resources:\n  - a.yaml\n', /kustomization/, /kubectl kustomize/),
  plain('values of a chart', '⟦replicaCount: 2\nimage: {repository: nginx}\n', /values of a Helm/, /helm template/),
  plain(
    'an invalid namespace',
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: ⟦My_Ns\n',
    /My_Ns/,
    /"my-ns"/,
  ),
  plain(
    'an alias without its anchor',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: ⟦*common\n',
    /no anchor/,
    /earlier line/,
  ),
  plain(
    'an unclosed quote',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  url: ⟦"http://a\n  b: c\n',
    /never closed/,
    /add "/,
  ),
  plain(
    'an unclosed bracket',
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  finalizers: ⟦[a.b/c\n  name: a\n',
    /never closed/,
    /add "\]"/,
  ),
  objects('two objects without a separator between them', [['---\n', '⟦']], /second object begins here/, /"---"/),
  objects(
    'containers misspelt',
    [['      containers:\n', '      ⟦container:\n']],
    /unknown field "container"/,
    /did you mean "containers"/,
  ),
  objects('template misspelt', [['  template:\n', '  ⟦templates:\n']], /unknown field/, /did you mean "template"/),
  objects(
    'a port name with an underscore',
    [['targetPort: 8080', 'targetPort: ⟦http_port']],
    /http_port/,
    /for example "http-port"/,
  ),
  plain(
    'an autoscaler with minReplicas above maxReplicas',
    'apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}\n  minReplicas: 5\n  maxReplicas: ⟦2\n',
    /greater than or equal to `minReplicas`/,
    /lower minReplicas/,
  ),
];
