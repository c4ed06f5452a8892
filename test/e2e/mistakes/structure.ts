import type { Mistake } from './mistake.ts';
import { definition, instance } from './yaml-definitions.ts';

const URL = 'url: http://${service.metadata.name}';
const CONDITION = '${schema.spec.replicas > 1}';
const SELECTOR = '          selector:\n            app: shop';

const warned = { exit: 0 };

/** Parts of a definition that are misplaced, duplicate or in a wrong form, and functions of other languages. */
export const structureMistakes: readonly Mistake[] = [
  definition(
    'an id that two resources have and an expression reads',
    [['id: service', 'id: ⟦config']],
    /another resource has the id "config" too: spec\.resources\[\d\]/,
    /its own id/,
    { place: /shop\.yaml:52:\d+/ },
  ),
  definition(
    'a file name instead of a template',
    [
      [
        'template:\n        apiVersion: v1\n        kind: ConfigMap\n        metadata:\n          name: ${schema.spec.name}-config\n        data:\n          url: http://${service.metadata.name}',
        'template: ⟦./config.yaml',
      ],
    ],
    /must be an object/,
    /files are not read here: put the contents of \.\/config\.yaml/,
  ),
  definition(
    'a field of the object next to its template',
    [['        data:\n          url', '      ⟦data:\n          url']],
    /data is written next to template/,
    /indent data/,
  ),
  definition(
    'dependsOn',
    [['      includeWhen:', '      ⟦dependsOn: [service]\n      includeWhen:']],
    /unknown field "dependsOn"/,
    /waits for the resources that it reads/,
  ),
  definition(
    'if instead of includeWhen',
    [['      includeWhen:\n        - ${schema.spec.replicas > 1}', '      ⟦if: ${schema.spec.replicas > 1}']],
    /unknown field "if"/,
    /write includeWhen/,
  ),
  definition(
    'types beside the schema',
    [
      ["regions: '[]string'", "regions: '[]Region'"],
      ['  resources:', '  ⟦types:\n    Region: {name: string}\n  resources:'],
    ],
    /unknown field "types"/,
    /below spec\.schema/,
  ),
  definition(
    'a list of status fields',
    [['      available:', '      - available:']],
    /status must be an object/,
    /without "- "/,
    { place: /shop\.yaml:15:\d+/ },
  ),
  definition('an empty condition', [[CONDITION, '⟦""']], /entry of includeWhen is empty/, /remove it, or write/),
  definition(
    'two expressions in a condition',
    [[CONDITION, "⟦${schema.spec.replicas > 1} && ${schema.spec.name != 'x'}"]],
    /one bare/,
    /\$\{schema\.spec\.replicas > 1 && schema\.spec\.name != 'x'\}/,
  ),
  definition(
    'a forEach list without a variable name',
    [['      includeWhen:\n        - ${schema.spec.replicas > 1}', '      forEach: ⟦${schema.spec.regions}']],
    /a list is expected/,
    /"- item: \$\{schema\.spec\.regions\}"/,
  ),
  definition(
    'a boolean compared with a string',
    [[CONDITION, "${has(schema.spec.name) ⟦== 'true'}"]],
    /a boolean is compared with a string/,
    /without the comparison/,
  ),
  definition(
    'a function of Go',
    [[URL, 'url: ${schema.spec.name.toLower⟦()}']],
    /undeclared reference to 'toLower'/,
    /lowerAscii/,
  ),
  definition('if as a function', [[URL, "url: ${⟦if(true, 'a', 'b')}"]], /no function if/, /condition \? a : b/),
  definition(
    'a conversion that can never succeed',
    [['replicas: ${schema.spec.replicas}', 'replicas: ${⟦int("three")}']],
    /int\("three"\) can never return a value/,
    /digits/,
    warned,
  ),
  definition(
    'an unfinished rule',
    [['default=2 minimum=1', 'default=2 validation="self > 0 &&"']],
    /ends where a value is expected/,
    /missing/,
    { place: /shop\.yaml:11:\d+/ },
  ),
  definition(
    'a selector that cannot be a label',
    [
      [SELECTOR, '          ⟦selector:\n            app: ${schema.spec.name}-web'],
      ['              app: shop', '              app: ${schema.spec.name}'],
      ['                app: shop', '                app: ${schema.spec.name}'],
    ],
    /app=\$\{schema\.spec\.name\}-web; the pods of deployment have app=\$\{schema\.spec\.name\}/,
    /same labels/,
    warned,
  ),
  definition(
    'capitals and underscores next to an expression in a name',
    [['name: ${schema.spec.name}-config', 'name: ⟦Shop_${schema.spec.name}']],
    /"Shop_" cannot be part of a name/,
    /write shop-\$\{schema\.spec\.name\}/,
  ),
  definition(
    'non-breaking spaces in the indentation',
    [['          name: ${schema.spec.name}-config', '⟦\u00a0\u00a0        name: ${schema.spec.name}-config']],
    /non-breaking spaces \(U\+00A0\)/,
    /plain spaces/,
  ),
  definition(
    'single quotes inside single quotes',
    [[URL, "url: '${⟦'a' + schema.spec.name}'"]],
    /this single quote ends the text/,
    /double quotes: "\$\{'a' \+ schema\.spec\.name\}"/,
  ),
  instance(
    'a number in quotes that is also out of bounds',
    [['  replicas: 3', '  replicas: ⟦"0"']],
    /the string "0" is written where a whole number/,
    /a whole number from 1, without quotes/,
  ),
];
