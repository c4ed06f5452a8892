import type { Mistake } from './mistake.ts';
import { definition, instance } from './yaml-definitions.ts';

/** Mistakes in the structure of a definition or an instance. Some of them could cause several errors. */
export const shapeMistakes: readonly Mistake[] = [
  ...(
    [
      ['a port as Docker Compose writes it', '- containerPort: 8080', '- ⟦"8080:80"', /write - containerPort: 80$/m],
      ['a port as a bare number', '- containerPort: 8080', '- ⟦80', /write - containerPort: 80$/m],
      [
        'the environment as a map',
        'ports:\n                    - containerPort: 8080',
        'env:\n                    ⟦MODE: fast',
        /a list of names and values: - \{name: MODE, value: fast\}$/m,
      ],
      [
        'the environment as a list of single-key maps',
        'ports:\n                    - containerPort: 8080',
        'env:\n                    - ⟦MODE: fast',
        /write - \{name: MODE, value: fast\}$/m,
      ],
      [
        'the environment as a list of assignments',
        'ports:\n                    - containerPort: 8080',
        'env:\n                    - ⟦RETRIES=3',
        /write - \{name: RETRIES, value: "3"\}$/m,
      ],
      [
        'a string instead of an object that names a Secret',
        'ports:\n                    - containerPort: 8080',
        'envFrom:\n                    - secretRef: ⟦db-secret',
        /write secretRef: \{name: db-secret\}$/m,
      ],
      [
        'a mount as Docker Compose writes it',
        'ports:\n                    - containerPort: 8080',
        'volumeMounts:\n                    - ⟦data:/var/lib:ro',
        /write - \{name: data, mountPath: \/var\/lib, readOnly: true\}$/m,
      ],
      [
        'a command as one string',
        'ports:\n                    - containerPort: 8080',
        'command: ⟦npm start',
        /write a list: \["npm", "start"\]$/m,
      ],
      [
        'a shell command as one string',
        'ports:\n                    - containerPort: 8080',
        'command: ⟦npm ci && npm start',
        /write a list: \["sh", "-c", "npm ci && npm start"\]$/m,
      ],
      [
        'containers as a map keyed by name',
        '- name: web\n                  image: ${schema.spec.image}\n                  ports:\n                    - containerPort: 8080',
        '⟦web:\n                  image: ${schema.spec.image}',
        /items have their name inside: - name: web$/m,
      ],
    ] as const
  ).map(([title, from, to, remedy]) => definition(title, [[from, to]], /this field takes an|no field "MODE"/, remedy)),
  definition(
    'metadata of the object that the template was copied from',
    [
      [
        'name: ${schema.spec.name}-config',
        'name: ${schema.spec.name}-config\n          ⟦resourceVersion: "81223"\n          uid: 5b6e0f4e-0000-4000-8000-000000000001',
      ],
    ],
    /only the API server writes metadata\.resourceVersion and metadata\.uid/,
    /remove resourceVersion and uid/,
  ),
  definition(
    'a probe without a handler',
    [
      [
        'ports:\n                    - containerPort: 8080',
        'livenessProbe:\n                    ⟦path: /healthz\n                    port: 8080',
      ],
    ],
    /no field "path" here/,
    /put path and port below httpGet$/m,
  ),
  definition(
    'a selector that does not match the pods of its own Deployment',
    [['            matchLabels:\n              app: shop', '            matchLabels:\n              ⟦tier: shop']],
    /no pod of this workload has the label tier=shop/,
    /same labels in both places/,
  ),
  definition(
    'plain text in the data of a Secret',
    [
      ['apiVersion: v1\n        kind: ConfigMap', 'apiVersion: v1\n        kind: Secret'],
      ['url: http://${service.metadata.name}', 'password: ⟦hunter2!'],
    ],
    /data\.password: the string "\(secret\)" is written where a value in base64/,
    /stringData/,
  ),
  definition(
    'the former kind of definitions',
    [['kind: ResourceGraphDefinition', 'kind: ⟦ResourceGroup']],
    /no kind "ResourceGroup"/,
    /write ResourceGraphDefinition/,
  ),
  definition(
    'resources as a map of ids instead of a list',
    [
      ['    - id: deployment\n      template:', '    ⟦deployment:\n      template:'],
      ['    - id: service\n', '    service:\n'],
      ['    - id: config\n', '    config:\n'],
    ],
    /a list is expected/,
    /write "- id: deployment" instead of "deployment:"/,
  ),
  definition(
    'a resource without the line template:',
    [
      [
        '      template:\n        apiVersion: v1\n        kind: ConfigMap\n        metadata:\n          name: ${schema.spec.name}-config\n        data:\n          url: http://${service.metadata.name}\n',
        '      ⟦apiVersion: v1\n      kind: ConfigMap\n      metadata:\n        name: ${schema.spec.name}-config\n      data:\n        url: http://${service.metadata.name}\n',
      ],
    ],
    /is written next to its id, not below template/,
    /write template: before the object/,
  ),
  definition(
    'the status inside the spec',
    [
      [
        '    status:\n      available: ${deployment.status.availableReplicas}\n',
        '      status:\n        available: ⟦${deployment.status.availableReplicas}\n        ip: ${service.spec.clusterIP}\n',
      ],
    ],
    /an expression is written where the type of a spec field belongs/,
    /spec\.schema\.status, next to spec/,
  ),
  definition(
    'a field as OpenAPI writes it',
    [['replicas: integer | default=2 minimum=1', '⟦replicas:\n        type: integer\n        default: 2']],
    /field replicas: this is a JSON schema/,
    /write replicas: integer \| default=2/,
  ),
  definition(
    'an enum in brackets',
    [['default="nginx:1.27"', '⟦enum=[nginx,caddy]']],
    /the brackets become part/,
    /enum="nginx,caddy"/,
  ),
  definition(
    'an enum in brackets with a default',
    [['default="nginx:1.27"', 'default="nginx" ⟦enum=[nginx,caddy]']],
    /the brackets become part/,
    /enum="nginx,caddy"/,
  ),
  definition(
    'a path to a field of the spec that lacks the word spec',
    [['name: ${schema.spec.name}-config', 'name: ${schema.⟦name}-config']],
    /undefined field 'name'/,
    /did you mean "schema\.spec\.name"/,
  ),
  definition(
    'the group in the version',
    [['    apiVersion: v1alpha1\n', '    apiVersion: ⟦example.com/v1\n']],
    /refuses the version "example\.com\/v1"/,
    /apiVersion: v1, and next to it group: example\.com/,
  ),
  definition('a list with angle brackets', [["'[]string'", '⟦list<string>']], /unknown type/, /write \[\]string/),
  definition(
    'a type that is not declared',
    [['image: string | default="nginx:1.27"', 'image: ⟦Image']],
    /unknown type: Image/,
    /types|string/,
  ),
  definition('a default of another type', [['default=2 ', '⟦default=two ']], /valid integer, got: two/, /default|type/),
  definition(
    'a map without the type of its values',
    [["'[]string'", '⟦map[string]']],
    /value type is required/,
    /type/,
  ),
  definition(
    'a forEach that is an object',
    [
      [
        '    - id: config\n      includeWhen:\n        - ${schema.spec.replicas > 1}',
        '    - id: config\n      forEach:\n        region: ${schema.spec.regions}',
      ],
      ['${schema.spec.name}-config', '${region}'],
    ],
    /a list is expected here/,
    /- /,
    { place: /shop\.yaml:5[234]:\d+/ },
  ),
  definition(
    'a forEach over an expression without braces',
    [
      [
        '    - id: config\n      includeWhen:\n        - ${schema.spec.replicas > 1}',
        '    - id: config\n      forEach:\n        - region: ⟦schema.spec.regions',
      ],
      ['${schema.spec.name}-config', '${region}'],
    ],
    /bare/,
    /write \$\{schema\.spec\.regions\}/,
  ),
  definition(
    'a readyWhen that is not a list',
    [['readyWhen:\n        - ${service', 'readyWhen: ⟦${service']],
    /a list is expected/,
    /- /,
  ),
  definition(
    'name instead of id',
    [['    - id: service', '    - ⟦name: service']],
    /unknown field "name"/,
    /did you mean "id"/,
  ),
  definition(
    'an unknown field instead of template',
    [
      [
        '      template:\n        apiVersion: v1\n        kind: ConfigMap',
        '      ⟦manifest:\n        apiVersion: v1\n        kind: ConfigMap',
      ],
    ],
    /unknown field "manifest"/,
    /did you mean "template"/,
  ),
  definition(
    'the length of a string, read as a field',
    [['${schema.spec.replicas > 1}', '${schema.spec.name⟦.length > 1}']],
    /field selection/,
    /size\(x\)/,
  ),
  definition(
    'a list instead of a string',
    [['http://${service.metadata.name}', '${⟦schema.spec.regions}']],
    /returns list\(string\)/,
    /join/,
  ),
  definition(
    'an object instead of a string',
    [['http://${service.metadata.name}', '${⟦service}']],
    /field takes string/,
    /one of its fields/,
  ),
  definition(
    'an expression with a colon that is not quoted',
    [['http://${service.metadata.name}', '⟦${"a: " + schema.spec.name}']],
    /the ": " in its expression ends it/,
    /single quotes/,
  ),
  definition(
    'a resource at another column',
    [['    - id: service\n', '   ⟦- id: service\n']],
    /not indented like the items/,
    /same column/,
  ),
  definition(
    'labels that differ in a definition with expressions',
    [
      [
        '              labels:\n                app: shop',
        '              labels:\n                app: wrong\n                name: ${schema.spec.name}',
      ],
    ],
    /no pod of this workload has the label app=shop/,
    /same labels/,
    { place: /shop\.yaml:27:\d+/ },
  ),
  definition(
    'a selector that is an expression, and a label that is a constant',
    [
      [
        '            matchLabels:\n              app: shop',
        '            matchLabels:\n              ⟦app: ${schema.spec.name}',
      ],
    ],
    /only while the two are equal/,
    /same labels/,
    { exit: 0 },
  ),
  definition(
    'an integer field with a number and more characters',
    [['replicas: ${schema.spec.replicas}', 'replicas: ⟦"${schema.spec.replicas}x"']],
    /takes an integer/,
    /bare/,
  ),
  definition(
    'an object instead of a list',
    [['                  ports:\n', '                  env:\n                    A: b\n                  ports:\n']],
    /takes an array/,
    /- /,
    { place: /shop\.yaml:3\d:\d+/ },
  ),
  definition('a template without a kind', [['        kind: ConfigMap\n', '']], /no kind/, /kind/, {
    place: /shop\.yaml:5\d:\d+/,
  }),
  instance(
    'a fraction instead of a whole number',
    [['  replicas: 3', '  replicas: ⟦3.5']],
    /3\.5 is written where a whole number/,
    /without a decimal point/,
  ),
  instance(
    'an instance with an underscore in its name',
    [['  name: first\nspec', '  name: ⟦My_App\nspec']],
    /My_App/,
    /"my-app"/,
  ),
  instance(
    'a list instead of the spec',
    [['spec:\n  name: first\n  replicas: 3\n  regions:\n    - eu\n', 'spec:\n  ⟦- name: first\n']],
    /a list is written where an object/,
    /members/,
  ),
];
