import { DEFINITION, INSTANCE } from './base.ts';
import { type Mistake, edit } from './mistake.ts';

type Change = readonly [from: string, to: string];

/** Returns a mistake: the correct definition after the given changes. `⟦` marks the place of the mistake. */
export const definition = (
  title: string,
  changes: readonly Change[],
  reason: RegExp,
  remedy: RegExp,
  more: Partial<Mistake> = {},
): Mistake => ({ title, files: { 'shop.yaml': edit(DEFINITION, ...changes) }, reason, remedy, ...more });

/** Returns a mistake: the instance after the given changes, with a correct definition. */
export const instance = (title: string, changes: readonly Change[], reason: RegExp, remedy: RegExp): Mistake => ({
  title,
  files: { 'shop.yaml': DEFINITION, 'first.yaml': edit(INSTANCE, ...changes) },
  reason,
  remedy,
});

/** Mistakes in a ResourceGraphDefinition and its instances. */
export const definitionMistakes: readonly Mistake[] = [
  definition(
    'resources misspelt',
    [['  resources:', '  ⟦resurces:']],
    /unknown field "resurces"/,
    /did you mean "resources"/,
  ),
  definition(
    'readyWhen in small letters',
    [['readyWhen:', '⟦readywhen:']],
    /unknown field "readywhen"/,
    /did you mean "readyWhen"/,
  ),
  definition(
    'includeWhen misspelt',
    [['includeWhen:', '⟦includesWhen:']],
    /unknown field "includesWhen"/,
    /did you mean "includeWhen"/,
  ),
  definition(
    'template misspelt',
    [
      [
        '    - id: config\n      includeWhen:\n        - ${schema.spec.replicas > 1}\n      template:',
        '    - id: config\n      ⟦templat:',
      ],
    ],
    /unknown field "templat"/,
    /did you mean "template"/,
  ),
  definition('schema misspelt', [['  schema:\n', '  ⟦shema:\n']], /unknown field "shema"/, /did you mean "schema"/),
  definition('metadata misspelt', [['metadata:\n  name: shop\n', '⟦metdata:\n  name: shop\n']], /metadata/, /metadata/),
  definition(
    'no id',
    [['    - id: config\n      includeWhen', '    - ⟦includeWhen']],
    /\bno id\b/,
    /add id|give it an id|write id/,
  ),
  definition(
    'an id twice',
    [['- id: config', '- id: ⟦service']],
    /another resource has the id "service"/,
    /its own id/,
  ),
  definition('a reserved id', [['- id: config', '- id: ⟦schema']], /"schema" is a reserved word/, /choose another id/),
  definition(
    'an id with a dash',
    [['- id: config', '- id: ⟦my-config']],
    /"my-config" must begin with a lowercase letter/,
    /"myConfig"/,
  ),
  definition(
    'an id with a capital letter',
    [['- id: config', '- id: ⟦Config']],
    /"Config" must begin with a lowercase letter/,
    /"config"/,
  ),
  definition(
    'a kind in lower case',
    [['    kind: Shop', '    kind: ⟦shop']],
    /"shop" must begin with an uppercase letter/,
    /"Shop"/,
  ),
  definition(
    'a version that consists of numbers',
    [['    apiVersion: v1alpha1', '    apiVersion: ⟦"1.0"']],
    /refuses the version "1\.0"/,
    /write v1, v1alpha1/,
  ),
  definition('a schema without a kind', [['    kind: Shop\n', '']], /kind/, /kind: |add kind|uppercase letter/, {
    place: /shop\.yaml:(?:6|7|1):\d+/,
  }),
  definition(
    'no schema',
    [[DEFINITION.slice(DEFINITION.indexOf('  schema:'), DEFINITION.indexOf('  resources:')), '']],
    /no spec\.schema/,
    /add spec\.schema/,
    { place: /shop\.yaml:5:1/ },
  ),
  definition('an unknown type', [['replicas: integer', 'replicas: ⟦int']], /int\b/, /did you mean "integer"|integer/),
  definition('an unknown marker', [['default=2 minimum=1', 'default=2 ⟦min=1']], /min/, /minimum/),
  definition('a default of another type', [['default=2 minimum', '⟦default=many minimum']], /many/, /integer|number/),
  definition(
    'a default below the minimum',
    [['default=2 minimum=1', 'default=0 minimum=1']],
    /greater than or equal to 1|minimum/,
    /correct the default/,
    { place: /shop\.yaml:11:35/ },
  ),
  definition(
    'a list without quotes',
    [["regions: '[]string'", 'regions: ⟦[]string']],
    /end of a value|bracket|list/,
    /quote/,
  ),
  definition(
    'a misspelt field of the spec',
    [['${schema.spec.name}-config', '${schema.spec.⟦nmae}-config']],
    /nmae/,
    /did you mean "name"/,
  ),
  definition(
    'a misspelt field of another resource',
    [['${service.metadata.name}', '${service.metadata.⟦nam}']],
    /nam\b/,
    /did you mean "name"/,
  ),
  definition(
    'a misspelt id in an expression',
    [['${service.metadata.name}', '${⟦servce.metadata.name}']],
    /servce/,
    /did you mean "service"/,
  ),
  definition(
    'an expression with spec instead of schema.spec',
    [['${schema.spec.name}-config', '${⟦spec.name}-config']],
    /nothing here is named spec/,
    /schema\.spec/,
  ),
  definition(
    'an unclosed expression',
    [['${schema.spec.name}-config', '⟦${schema.spec.name-config']],
    /has no end/,
    /close it with \}/,
  ),
  definition(
    'an operand missing',
    [['${schema.spec.replicas > 1}', '${schema.spec.replicas >⟦}']],
    /ends (?:too early|where)/,
    /value|operand/,
  ),
  definition(
    'a closing parenthesis missing',
    [['${schema.spec.replicas > 1}', '${(schema.spec.replicas > 1⟦}']],
    /"\)"|parenthesis/,
    /\)/,
  ),
  definition(
    'three equals signs',
    [['${schema.spec.replicas > 1}', '${schema.spec.replicas ⟦=== 1}']],
    /=/,
    /write == /,
  ),
  definition('one equals sign', [['${schema.spec.replicas > 1}', '${schema.spec.replicas ⟦= 1}']], /=/, /write == /),
  definition(
    'the word and as an operator',
    [['${schema.spec.replicas > 1}', '${schema.spec.replicas > 1 ⟦and schema.spec.replicas < 9}']],
    /"and"/,
    /&&/,
  ),
  definition(
    'one ampersand',
    [['${schema.spec.replicas > 1}', '${schema.spec.replicas > 1 ⟦& schema.spec.replicas < 9}']],
    /&/,
    /&&/,
  ),
  definition(
    'the operator ?? of JavaScript',
    [['image: ${schema.spec.image}', 'image: ${schema.spec.image ⟦?? "nginx"}']],
    /\?\?/,
    /orValue/,
  ),
  definition(
    'an arrow function',
    [['image: ${schema.spec.image}', 'image: ${schema.spec.regions.map(r ⟦=> r)[0]}']],
    /=>/,
    /map\(x, /,
  ),
  definition('a template string of JavaScript', [['image: ${schema.spec.image}', 'image: ${⟦`nginx`}']], /`/, /quotes/),
  definition(
    'an unterminated string',
    [['image: ${schema.spec.image}', `image: '\${"nginx}'`]],
    /has no end|quote/,
    /close/,
    { place: /shop\.yaml:35:(?:27|28|29|30)/ },
  ),
  definition(
    'a function that does not exist',
    [['image: ${schema.spec.image}', 'image: ${schema.spec.image.toLowerCase⟦()}']],
    /toLowerCase/,
    /lowerAscii/,
  ),
  definition(
    'a number in a string field',
    [['      url: http://', '      url: ${⟦schema.spec.replicas}\n          rest: http://']],
    /int|number/,
    /string\(…\)/,
  ),
  definition(
    'a string in a number field',
    [['replicas: ${schema.spec.replicas}', 'replicas: ${⟦schema.spec.name}']],
    /string/,
    /int\(…\)/,
  ),
  definition(
    'the sum of a string and a number',
    [['${schema.spec.replicas > 1}', '${(schema.spec.name ⟦+ schema.spec.replicas) != ""}']],
    /string.*int|int.*string/,
    /string\(…\)/,
  ),
  definition(
    'readyWhen that reads another node',
    [['${service.spec.clusterIP != ""}', '${⟦deployment.status.availableReplicas > 0}']],
    /only "?service"?|only its own|own resource/,
    /depend|own|read/,
  ),
  definition(
    'readyWhen that is not a condition',
    [['${service.spec.clusterIP != ""}', '${⟦service.spec.clusterIP}']],
    /string.*bool|bool/,
    /compare|== /,
  ),
  definition(
    'includeWhen without braces',
    [['- ${schema.spec.replicas > 1}', '- ⟦schema.spec.replicas > 1']],
    /bare \$\{…\}/,
    /write \$\{schema/,
  ),
  definition(
    'a name without schema.spec inside int()',
    [['replicas: ${schema.spec.replicas}', 'replicas: ${int(⟦name)}']],
    /nothing here is named name/,
    /schema\.spec\.name/,
  ),
  definition(
    'a cycle',
    [
      [
        '              app: shop\n          template:',
        '              app: shop\n          minReadySeconds: ${⟦size(config.data.url)}\n          template:',
      ],
      ['url: http://${service.metadata.name}', 'url: ${deployment.metadata.name}'],
    ],
    /deployment → config|config → deployment/,
    /break the cycle/,
    { place: /shop\.yaml:\d+:\d+/ },
  ),
  definition(
    'a resource that reads itself',
    [['url: http://${service.metadata.name}', 'url: ${service.metadata.name}-${⟦config.metadata.name}']],
    /itself|config → config/,
    /value|remove|instead/,
  ),
  definition(
    'a kind that does not exist',
    [['kind: ConfigMap', 'kind: ⟦Configmap']],
    /v1 has no kind "Configmap"/,
    /did you mean "ConfigMap"/,
  ),
  definition(
    'a kind of another version',
    [['apiVersion: apps/v1', 'apiVersion: ⟦apps/v1beta1']],
    /apps\/v1beta1/,
    /apps\/v1\b/,
  ),
  definition(
    'a kind whose CustomResourceDefinition is not known',
    [['apiVersion: v1\n        kind: ConfigMap', 'apiVersion: ⟦widgets.example.com/v1\n        kind: Widget']],
    /Widget of "widgets\.example\.com\/v1" is not known/,
    /--crds.*--kubeconfig/,
  ),
  definition(
    'a misspelt field of a template',
    [['          ports:\n            - port: 80\n', '          ⟦prots:\n            - port: 80\n']],
    /prots/,
    /did you mean "ports"/,
  ),
  definition(
    'a misspelt field of a container',
    [['                  image:', '                  ⟦imgae:']],
    /imgae/,
    /did you mean "image"/,
  ),
  definition(
    'a field one level too high',
    [['            spec:\n              containers:', '            ⟦containers:']],
    /containers/,
    /known fields|spec/,
    {
      files: {
        'shop.yaml': edit(DEFINITION, [
          '            spec:\n              containers:\n                - name: web\n                  image: ${schema.spec.image}\n                  ports:\n                    - containerPort: 8080\n',
          '            ⟦containers: []\n',
        ]),
      },
    },
  ),
  definition(
    'a port out of range',
    [['- port: 80\n', '- port: ⟦80800\n']],
    /80800.*between 1 and 65535/,
    /number from 1 to 65535/,
  ),
  definition('a port as text', [['- port: 80\n', '- port: ⟦"80"\n']], /port/, /quotes|int\(/),
  definition(
    'a name with a capital letter',
    [['          name: ${schema.spec.name}-config', '          name: ⟦Shop-Config']],
    /Shop-Config/,
    /"shop-config"/,
  ),
  definition(
    'a selector that does not match the labels of the pods',
    [['              app: shop\n          template', '              ⟦app: store\n          template']],
    /label|selector/,
    /same labels|labels/,
  ),
  definition(
    'a container without an image',
    [['                  image: ${schema.spec.image}\n', '']],
    /image/,
    /add image/,
    { place: /shop\.yaml:34:1[79]/ },
  ),
  definition(
    'a mount without a volume',
    [
      [
        '                  ports:\n',
        '                  volumeMounts:\n                    - name: ⟦data\n                      mountPath: /data\n                  ports:\n',
      ],
    ],
    /Not found: "data"/,
    /define "data"/,
  ),
  definition(
    'an invalid quantity',
    [
      [
        '                  ports:\n',
        '                  resources:\n                    limits:\n                      memory: ⟦128MB\n                  ports:\n',
      ],
    ],
    /128MB|quantit/,
    /128Mi/,
  ),
  definition(
    'an invalid pull policy',
    [['                  ports:\n', '                  imagePullPolicy: ⟦always\n                  ports:\n']],
    /always/,
    /Always/,
  ),
  definition(
    'a Deployment without a selector',
    [
      [
        '          selector:\n            matchLabels:\n              app: shop\n          template',
        '          template',
      ],
    ],
    /selector/,
    /add selector/,
    { place: /shop\.yaml:\d+:\d+/ },
  ),
  definition(
    'a label that is reserved',
    [
      [
        '          name: ${schema.spec.name}-config',
        '          name: ${schema.spec.name}-config\n          labels:\n            ⟦kro.run/owned: "yes"',
      ],
    ],
    /kro\.run\/.*reserved/,
    /another|without|remove/,
  ),
  definition(
    'template and externalRef',
    [
      [
        '      template:\n        apiVersion: v1\n        kind: ConfigMap',
        '      externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n      template:\n        apiVersion: v1\n        kind: ConfigMap',
      ],
    ],
    /either a template or an externalRef/,
    /remove|leave/,
    { place: /shop\.yaml:\d+:\d+/ },
  ),
  definition(
    'a loop over a number',
    [
      [
        '    - id: config\n      includeWhen:\n        - ${schema.spec.replicas > 1}',
        '    - id: config\n      forEach:\n        - i: ${⟦schema.spec.replicas}',
      ],
      ['${schema.spec.name}-config', '${schema.spec.name}-${string(i)}'],
    ],
    /list/,
    /list|range/,
    { place: /shop\.yaml:\d+:\d+/ },
  ),
  definition(
    'a loop whose objects all have the same name',
    [
      [
        '    - id: config\n      includeWhen:\n        - ${schema.spec.replicas > 1}',
        '    - id: config\n      forEach:\n        - region: ${schema.spec.regions}',
      ],
      ['name: ${schema.spec.name}-config', 'name: ⟦${schema.spec.name}-config'],
    ],
    /does not depend on region/,
    /region/,
  ),
  definition(
    'a read of the status of the schema',
    [['url: http://${service.metadata.name}', 'url: ${schema.⟦status.available}']],
    /status/,
    /spec|resource/,
  ),
  definition(
    'an item indented too far',
    [['    - id: service\n      readyWhen', '    - id: service\n       ⟦readyWhen']],
    /indented/,
    /same column|begin it/,
    { place: /shop\.yaml:\d+:\d+/ },
  ),
  definition('a tab', [['    - id: service\n', '⟦\t- id: service\n']], /tab/, /spaces/),
  definition(
    'a key twice',
    [['  name: shop\n', '  name: shop\n  ⟦name: shop2\n']],
    /name.*twice|twice.*name|another member/,
    /remove|one of/,
    { command: ['validate', '--strict', 'shop.yaml'] },
  ),
  definition(
    'a colon in a string',
    [['url: http://${service.metadata.name}', 'url: note: this']],
    /middle of a line|key/,
    /quote/,
    { place: /shop\.yaml:\d+:\d+/ },
  ),
  instance(
    'a misspelt field in an instance',
    [['  replicas: 3', '  ⟦replcas: 3']],
    /unknown field "replcas"/,
    /did you mean "replicas"/,
  ),
  instance(
    'a string instead of a number in an instance',
    [['  replicas: 3', '  replicas: ⟦"3"']],
    /the string "3" is written where a whole number/,
    /without quotes: 3/,
  ),
  instance(
    'a number below the minimum',
    [['  replicas: 3', '  replicas: ⟦0']],
    /0.*greater than or equal to 1/,
    /1|larger/,
  ),
  instance(
    'a scalar instead of a list',
    [['  regions:\n    - eu', '  regions: ⟦eu']],
    /the string "eu" is written where a list/,
    /"- "/,
  ),
  instance(
    'an instance with a misspelt kind',
    [['kind: Shop', 'kind: ⟦Shp']],
    /has no kind "Shp"/,
    /did you mean "Shop"/,
  ),
  instance(
    'an instance of another version',
    [['apiVersion: kro.run/v1alpha1', 'apiVersion: ⟦kro.run/v1']],
    /kro\.run\/v1\b/,
    /kro\.run\/v1alpha1/,
  ),
  instance('a capital letter in a name', [['  name: first\nspec', '  name: ⟦First\nspec']], /First/, /"first"/),
  instance(
    'an instance without a name',
    [['  name: first\nspec', '  ⟦nam: first\nspec']],
    /metadata\.name|no name/,
    /name/,
  ),
];
