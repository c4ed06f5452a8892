import type { Mistake } from './mistake.ts';
import { definition } from './yaml-definitions.ts';

const URL = 'url: http://${service.metadata.name}';
const NAME = 'name: ${schema.spec.name}-config';
const CONDITION = '${schema.spec.replicas > 1}';

const warned = { exit: 0 };

/** Mistakes in strings and in expressions, for example an expression in the syntax of another language. */
export const textMistakes: readonly Mistake[] = [
  definition(
    'round brackets in a name',
    [[NAME, 'name: ⟦$(schema.spec.name)-config']],
    /\$\(schema\.spec\.name\) stays in the string unchanged/,
    /write \$\{schema\.spec\.name\}/,
  ),
  definition(
    'round brackets in a value',
    [[URL, 'url: http://⟦$(service.metadata.name)']],
    /\$\(service\.metadata\.name\) stays in the string unchanged/,
    /write \$\{service\.metadata\.name\}/,
    warned,
  ),
  definition(
    'a wrong value of a field that the server can fill in, next to an expression',
    [
      [
        '        spec:\n          selector:\n            app: shop\n          ports:',
        '        spec:\n          clusterIP: ⟦none\n          selector:\n            app: shop\n          ports:',
      ],
      ['targetPort: 8080', 'targetPort: ${schema.spec.replicas}'],
    ],
    /"none": must be a valid IP address;/,
    /did you mean "None"/,
  ),
  definition(
    'an operator in lower case, next to a label that is an expression',
    [
      [
        '                app: shop\n            spec:\n',
        '                app: shop\n                name: ${schema.spec.name}\n            spec:\n              affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: disk, operator: ⟦in, values: [ssd]}]}]}}}\n',
      ],
    ],
    /"in": not a valid selector operator/,
    /write In, NotIn/,
  ),
  definition(
    'two fields that exclude each other, next to an expression',
    [
      [
        '        apiVersion: v1\n        kind: ConfigMap\n',
        '        apiVersion: policy/v1\n        kind: PodDisruptionBudget\n',
      ],
      [
        '        data:\n          url: http://${service.metadata.name}',
        '        spec:\n          minAvailable: 1\n          maxUnavailable: 1\n          selector: {matchLabels: {app: "${schema.spec.name}"}}',
      ],
    ],
    /minAvailable and maxUnavailable cannot be both set/,
    /remove one of the two/,
    { place: /shop\.yaml:6\d:\d+/ },
  ),
  definition(
    'a variable of Terraform',
    [['image: ${schema.spec.image}', 'image: ${⟦var.image}']],
    /"var" is a reserved word of CEL/,
    /schema\.spec\.NAME for var\.NAME/,
  ),
  definition(
    'a loop of another language',
    [[CONDITION, '${⟦for(schema.spec.regions)}']],
    /"for" is a reserved word of CEL/,
    /CEL has no loops: write list\.map/,
  ),
  definition(
    'a collection that is read as if it were one object',
    [
      ['    - id: config\n', '    - id: config\n      forEach:\n        - region: ${schema.spec.regions}\n'],
      [NAME, 'name: ${schema.spec.name}-${region}'],
      ['available: ${deployment.status.availableReplicas}', 'available: ${config⟦.metadata.name}'],
    ],
    /config has forEach: it is a list of objects/,
    /write config\.map\(x, x\.FIELD\).*config\[0\]\.FIELD/,
  ),
  definition(
    'a ClusterIP Service whose condition waits for a load balancer',
    [['${service.spec.clusterIP != ""}', '${⟦service.status.loadBalancer.ingress.size() > 0}']],
    /only a Service of type LoadBalancer gets an address.*of type ClusterIP/,
    /set spec\.type: LoadBalancer in service, or remove this condition/,
    warned,
  ),
  definition(
    'an address that a ClusterIP Service never gets',
    [['available: ${deployment.status.availableReplicas}', 'available: ${⟦service.status.loadBalancer.ingress[0].ip}']],
    /service\.status\.loadBalancer stays empty/,
    /read service\.spec\.clusterIP instead/,
    warned,
  ),
  definition(
    'double quotes inside a double-quoted string',
    [[`- ${CONDITION}`, '- "${schema.spec.name == ⟦"prod"}"']],
    /this double quote ends the text/,
    /into single quotes: '\$\{schema\.spec\.name == "prod"\}'/,
  ),
  definition(
    'single quotes inside a single-quoted item',
    [[`- ${CONDITION}`, "- '${schema.spec.name == ⟦'prod'}'"]],
    /this single quote ends the text/,
    /into double quotes: "\$\{schema\.spec\.name == 'prod'\}"/,
  ),
  definition(
    'a description with a colon',
    [['      name: string\n', '      name: string | description="Name⟦: of the shop"\n']],
    /": " in this text makes YAML read the text before it as a key/,
    /into single quotes: 'string \| description="Name: of the shop"'/,
  ),
  definition(
    'a negated string',
    [[CONDITION, '${⟦!schema.spec.image}']],
    /! negates a condition, but this is a string/,
    /write schema\.spec\.image == ""/,
  ),
  definition(
    'a negated list',
    [[CONDITION, '${⟦!schema.spec.regions}']],
    /! negates a condition, but this is a list/,
    /write size\(schema\.spec\.regions\) == 0/,
  ),
  definition(
    'a string compared with null',
    [[CONDITION, '${schema.spec.image ⟦!= null}']],
    /a string is compared with null/,
    /write has\(schema\.spec\.image\)/,
  ),
  definition(
    'null compared with a number',
    [[CONDITION, '${null ⟦== schema.spec.replicas}']],
    /null is compared with a whole number/,
    /write !has\(schema\.spec\.replicas\)/,
  ),
  definition(
    'the iterator of another resource',
    [
      ['    - id: config\n', '    - id: config\n      forEach:\n        - region: ${schema.spec.regions}\n'],
      [NAME, 'name: ${schema.spec.name}-${region}'],
      ['image: ${schema.spec.image}', 'image: ${schema.spec.image}-${⟦region}'],
    ],
    /region is an iterator of config/,
    /its own forEach, - region: \$\{schema\.spec\.regions\}/,
  ),
  definition(
    'an iterator in the condition of its own collection',
    [
      ['    - id: config\n', '    - id: config\n      forEach:\n        - region: ${schema.spec.regions}\n'],
      [NAME, 'name: ${schema.spec.name}-${region}'],
      [CONDITION, '${⟦region != "eu"}'],
    ],
    /region is an iterator of config/,
    /filter the list in forEach/,
  ),
  definition(
    'an iterator in the status',
    [
      ['    - id: config\n', '    - id: config\n      forEach:\n        - region: ${schema.spec.regions}\n'],
      [NAME, 'name: ${schema.spec.name}-${region}'],
      ['available: ${deployment.status.availableReplicas}', 'available: ${⟦region}'],
    ],
    /region is an iterator of config/,
    /read the list itself: \$\{schema\.spec\.regions\}/,
  ),
  definition(
    'a dollar without braces',
    [[URL, 'url: ⟦$schema.spec.name']],
    /\$schema\.spec\.name stays in the string unchanged/,
    /write \$\{schema\.spec\.name\}/,
    warned,
  ),
  definition(
    'a space after the dollar',
    [[URL, 'url: ⟦$ {schema.spec.name}']],
    /with a space/,
    /write \$\{schema\.spec\.name\}/,
    warned,
  ),
  definition(
    'another character instead of the dollar sign',
    [[URL, 'url: "⟦#{schema.spec.name}"']],
    /stays in the string unchanged/,
    /write \$\{schema\.spec\.name\}/,
    warned,
  ),
  definition(
    'braces without the dollar, inside a quoted string',
    [[URL, 'url: "http://⟦{schema.spec.name}/"']],
    /without \$/,
    /write \$\{schema\.spec\.name\}/,
    warned,
  ),
  definition(
    'two pairs of braces in a string',
    [[URL, 'url: "⟦{{ schema.spec.name }}"']],
    /stays in the string unchanged/,
    /write \$\{schema\.spec\.name\}/,
    warned,
  ),
  definition(
    'two pairs of braces after a dollar',
    [[URL, 'url: "⟦${{ schema.spec.name }}"']],
    /two pairs of braces/,
    /write \$\{schema\.spec\.name\}/,
    { place: /shop\.yaml:61:\d+/ },
  ),
  definition(
    'braces without the dollar, which YAML reads as a map',
    [[NAME, 'name: ⟦{schema.spec.name}']],
    /takes a string, not an object/,
    /begins with \$: write \$\{schema\.spec\.name\}/,
  ),
  definition(
    'a path without dollar and braces as a name',
    [[NAME, 'name: ⟦schema.spec.name']],
    /schema\.spec\.name stays as it is/,
    /write \$\{schema\.spec\.name\}/,
    warned,
  ),
  definition(
    'a path without dollar and braces as a number',
    [['replicas: ${schema.spec.replicas}', 'replicas: ⟦schema.spec.replicas']],
    /schema\.spec\.replicas stays as it is/,
    /write \$\{schema\.spec\.replicas\}/,
  ),
  definition(
    'an extra closing brace',
    [[URL, 'url: ${schema.spec.name}⟦}']],
    /there is a "\}" after the expression/,
    /write \$\{schema\.spec\.name\}/,
    warned,
  ),
  definition(
    'braces of Helm in a name',
    [[NAME, 'name: ⟦"{{ .Values.name }}-config"']],
    /braces of Helm/,
    /write \$\{schema\.spec\.name\}-config/,
  ),
  definition(
    'an unquoted string with " #"',
    [[URL, "url: ⟦${schema.spec.name + ' #1'}"]],
    /begins a comment in YAML/,
    /into quotes: "\$\{schema\.spec\.name \+ ' #1'\}"/,
  ),
  definition(
    'a version as a number',
    [['name: ${schema.spec.name}-config', 'name: ${schema.spec.name}-config\n          labels: {version: ⟦1.10}']],
    /takes a string, not a fraction/,
    /quote it: "1\.10"/,
  ),
  definition(
    'typographic quotes',
    [[CONDITION, '${schema.spec.name == ⟦“pro”}']],
    /typographic quotes/,
    /straight ones/,
  ),
  definition(
    'a non-breaking space in an expression',
    [[CONDITION, '${schema.spec.replicas⟦\u00a0> 1}']],
    /non-breaking space/,
    /plain space/,
  ),
  ...(
    [
      ['url: ${"%s" ⟦% schema.spec.name}', /overload for '_%_'/, /\.format\(/],
      ['url: ${⟦resources.service.metadata.name}', /named resources/, /leave out "resources\."/],
      ['url: ⟦9999999999999999999', /beyond 64 bits/, /quote it: "9{19}"/],
      ['url: a\n⟦<<<<<<< HEAD\n=======\n>>>>>>> b', /merge conflict of git/, /keep one of the two/],
    ] as const
  ).map(([text, reason, remedy]) => definition(text, [[URL, text]], reason, remedy)),
  definition('a text as time', [[NAME, 'creationTimestamp: ${⟦schema.spec.name}']], /Timestamp/, /write timestamp\(/),
  definition(
    'a word',
    [['replicas: ${', 'strategy: ⟦Recreate\n          replicas: ${']],
    /object/,
    /\{type: Recreate\}/,
  ),
  definition(
    'a ternary operator with only one value',
    [[URL, `url: "\${schema.spec.replicas > 1 ? 'a'⟦}"`]],
    /has no ":"/,
    /write schema\.spec\.replicas > 1 \? 'a' : ''/,
  ),
];
