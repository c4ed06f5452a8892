import { DEFINITION, INSTANCE } from './base.ts';
import { type Mistake, edit } from './mistake.ts';
import { definition } from './yaml-definitions.ts';

const URL = 'http://${service.metadata.name}';
const RESOURCES = '  resources:\n';
const CONDITION = '${schema.spec.replicas > 1}';

const notation = (title: string, text: string): Mistake => ({
  ...definition(
    `an expression as ${title} writes it`,
    [[URL, text]],
    /stays in the string unchanged/,
    /write \$\{service\.metadata\.name\}/,
  ),
  command: ['validate', '--strict', 'shop.yaml'],
});

/** Mistakes of indentation, of types, of names and of markers, and the syntax of other tools. */
export const levelMistakes: readonly Mistake[] = [
  definition(
    'a status field that is text',
    [['available: ${deployment.status.availableReplicas}', 'available: ⟦deployment.status.availableReplicas']],
    /without \$\{…\} it is not an expression/,
    /write \$\{deployment\.status/,
  ),
  definition(
    'a forEach over a number',
    [
      [`includeWhen:\n        - ${CONDITION}`, 'forEach:\n        - i: ${⟦schema.spec.replicas}'],
      ['${schema.spec.name}-config', '${schema.spec.name}-${string(i)}'],
    ],
    /forEach needs a list; this is int/,
    /lists\.range\(n\)/,
  ),
  definition(
    'the name of an external object beside its metadata',
    [[RESOURCES, `${RESOURCES}    - id: shared\n      externalRef: { apiVersion: v1, kind: ConfigMap, ⟦name: a }\n`]],
    /unknown field "name"/,
    /it belongs below .*metadata/,
  ),
  definition(
    'fields of the spec next to the kind',
    [
      ['    spec:\n      name: string\n', '    ⟦name: string\n'],
      ['      replicas: integer | default=2 minimum=1\n', '    replicas: integer\n'],
      ['      image: string | default="nginx:1.27"\n', '    image: string\n'],
      ["      regions: '[]string'\n", ''],
    ],
    /unknown field "name"; likewise replicas, image/,
    /below spec:, indented by two more spaces/,
  ),
  {
    title: 'the resources inside the schema',
    files: {
      'shop.yaml': edit(DEFINITION, ['  resources:\n', '    ⟦resources:\n'])
        .replaceAll(/^ {4}- id/gm, '      - id')
        .replaceAll(/^ {6}(?=template|includeWhen|readyWhen)/gm, '        '),
    },
    reason: /unknown field "resources"/,
    remedy: /next to schema: indent it by two spaces less/,
  },
  {
    title: 'an instance without spec',
    files: {
      'shop.yaml': DEFINITION,
      'first.yaml': edit(INSTANCE, [
        'spec:\n  name: first\n  replicas: 3\n  regions:\n    - eu\n',
        '⟦name: first\nreplicas: 3\n',
      ]),
    },
    reason: /unknown field "name"; likewise replicas/,
    remedy: /below spec:/,
  },
  definition(
    'a template as a string',
    [
      [
        'template:\n        apiVersion: v1\n        kind: ConfigMap',
        'template: ⟦|\n        apiVersion: v1\n        kind: ConfigMap',
      ],
    ],
    /template must be an object/,
    /remove the "\|"/,
  ),
  definition(
    'a template without kind',
    [['        apiVersion: v1\n        kind: ConfigMap\n', '        ⟦apiVersion: v1\n']],
    /has no kind/,
    /add the kind/,
  ),
  definition(
    'apiVersion in small letters',
    [['        apiVersion: v1\n        kind: ConfigMap\n', '        ⟦apiversion: v1\n        kind: ConfigMap\n']],
    /has no apiVersion/,
    /apiVersion instead of apiversion/,
  ),
  definition(
    'a string where a condition is expected',
    [[CONDITION, '${schema.spec.name && true}']],
    /expected type 'bool' but found 'string'/,
    /compare it/,
    { place: /shop\.yaml:54:/ },
  ),
  definition(
    'the boolean true as a condition, without an expression',
    [[`- ${CONDITION}`, '- ⟦true']],
    /a string is expected/,
    /write an expression: \$\{true\}/,
  ),
  definition(
    'an id that is a number',
    [['id: config', 'id: ⟦1']],
    /a string is expected/,
    /begin the id with a lowercase letter/,
  ),
  definition(
    'a loop variable that is called schema',
    [[`      includeWhen:\n        - ${CONDITION}\n`, '      forEach:\n        - schema: ⟦${schema.spec.regions}\n']],
    /reserved word/,
    /another name/,
  ),
  definition('a marker without its value', [['default=2 minimum=1', '⟦default minimum=1']], /marker/, /default=VALUE/),
  definition(
    'a marker with a colon',
    [['default=2 minimum=1', '⟦default: 2']],
    /": " before its value/,
    /default=VALUE/,
  ),
  definition(
    'markers with commas',
    [['default=2 minimum=1', 'default=2⟦, minimum=1']],
    /separated by spaces, but here is a comma/,
    /write integer \| default=2 minimum=1/,
  ),
  notation('Helm', 'http://⟦{{ service.metadata.name }}'),
  notation('a Makefile', 'http://⟦$(service.metadata.name)'),
  notation('a shell', '⟦$service.metadata.name'),
  notation('an author in a hurry', '⟦$ {service.metadata.name}'),
];
