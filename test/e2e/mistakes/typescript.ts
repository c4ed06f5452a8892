import { COMPOSITION } from './base.ts';
import type { Mistake } from './mistake.ts';
import { edit } from './mistake.ts';

const composition = (
  title: string,
  changes: readonly (readonly [from: string, to: string])[],
  reason: RegExp,
  remedy: RegExp,
  more: Partial<Mistake> = {},
): Mistake => ({ title, files: { 'shop.ts': edit(COMPOSITION, ...changes) }, reason, remedy, ...more });

/** A statement before the resources of the composition. */
const statement = (title: string, text: string, reason: RegExp, remedy: RegExp, more: Partial<Mistake> = {}): Mistake =>
  composition(
    title,
    [
      ['    const app =', `    ${text}\n    const app =`],
      ["image: 'nginx:1.27'", 'image: String(x)'],
    ],
    reason,
    remedy,
    more,
  );

/** Mistakes in TypeScript. */
export const typescriptMistakes: readonly Mistake[] = [
  composition(
    'a syntax error',
    [['  (spec) => {\n', '  (spec) => {\n    const x = ;\n']],
    /expression expected|unexpected/i,
    /correct|complete|syntax/i,
    { place: /shop\.ts:11:15/ },
  ),
  composition('a brace too few', [['  },\n);\n', '  ,\n);\n']], /expected|unexpected/i, /correct|close|syntax/i, {
    place: /shop\.ts:1\d:\d+/,
  }),
  composition(
    'an import misspelt',
    [["from 'typekro/simple'", "from ⟦'typekro/simpel'"]],
    /typekro\/simpel/,
    /typekro\/simple|exports/,
  ),
  composition(
    'a package that is not installed',
    [["import { type } from 'arktype';", "import { type } from ⟦'arktyp';"]],
    /arktyp/,
    /npm install|install/,
  ),
  composition(
    'a file that is not there',
    [
      [
        "import { type } from 'arktype';",
        "import { type } from 'arktype';\nimport { x } from ⟦'./missing.ts';\nconsole.error(x);",
      ],
    ],
    /missing\.ts/,
    /check the (?:path|name)|create/,
  ),
  composition(
    'a name that a module does not export',
    [
      ['import { Deployment, Service }', 'import { ⟦Deploymnt, Service }'],
      ['Deployment({', 'Deploymnt({'],
    ],
    /Deploymnt/,
    /Deployment|exports|spelling/,
    { place: /shop\.ts:3:/ },
  ),
  composition(
    'nothing exported',
    [['export const shop', 'const shop']],
    /exports no composition/,
    /export the composition/,
    { place: /shop\.ts/ },
  ),
  composition(
    'an error at the top',
    [
      [
        'export const shop',
        "const settings: Record<string, { a: number }> = {};\nconsole.error(settings['x']!.⟦a);\nexport const shop",
      ],
    ],
    /reading 'a'/,
    /settings\['x'\]|correct/,
    { place: /shop\.ts:9:\d+/ },
  ),
  composition(
    'an error of the author',
    [
      [
        'export const shop',
        "if (process.env['NO'] !== 'yes') throw ⟦new Error('NO has to be yes');\nexport const shop",
      ],
    ],
    /NO has to be yes/,
    /correct|remedy|try|hint/,
  ),
  composition(
    'a name that is not defined',
    [['replicas: spec.replicas });', '⟦replicas: replicas });']],
    /replicas/,
    /declare it/,
  ),
  composition(
    'a field of the spec misspelt',
    [['replicas: spec.replicas });', 'replicas: ⟦spec.replcas });']],
    /replcas/,
    /did you mean "replicas"/,
  ),
  composition(
    'a field of a status misspelt',
    [['app.status.readyReplicas', '⟦app.status.readyReplica']],
    /readyReplica/,
    /did you mean "readyReplicas"/,
  ),
  composition('no image', [["image: 'nginx:1.27', ", '']], /image/, /image/, { place: /shop\.ts:11:\d+/ }),
  statement('Math.random', 'const x = ⟦Math.random();', /Math\.random/, /compute it before|spec/),
  statement('the time', 'const x = ⟦Date.now();', /Date\.now/, /now\(|spec|creationTimestamp|controller/),
  statement('await', "const x = ⟦await fetch('http://a');", /await|async/, /before|outside|spec/),
  statement(
    'a while loop over the spec',
    "let x = spec.name; ⟦while (x.length < 9) x += '-';",
    /while|loop|how often/,
    /for|repeat|bound|padEnd/,
  ),
  statement(
    'a regular expression that looks ahead',
    'const x = ⟦spec.name.replace(/a(?=b)/, "");',
    /\(\?=/,
    /write it without/,
  ),
  statement('localeCompare', 'const x = ⟦spec.name.localeCompare("a");', /localeCompare/, /<|compare/),
  statement('an unknown method', 'const x = ⟦spec.name.toUpercase();', /toUpercase/, /toUpperCase/),
  statement('a value that may be missing', 'const x = ⟦spec.image.length;', /image/, /\?\./),
  composition('an id twice', [["id: 'svc'", "id: 'app'"]], /id "app"/, /its own id|another/, {
    place: /shop\.ts:12:\d+/,
  }),
  composition('a reserved id', [["id: 'svc'", "id: 'schema'"]], /schema/, /"schemaService"/, {
    place: /shop\.ts:12:\d+/,
  }),
  composition('an id that is no name', [["id: 'svc'", "id: 'my svc'"]], /my svc/, /mySvc/, {
    place: /shop\.ts:12:\d+/,
  }),
  composition('a port out of range', [['port: 80 }', 'port: 80800 }']], /80800/, /1 to 65535/, {
    place: /shop\.ts:12:\d+/,
  }),
  composition(
    'a name with a capital letter',
    [['selector: { app: spec.name }', "selector: { app: spec.name }, labels: { a: 'x y' }"]],
    /x y/,
    /letters/,
    { place: /shop\.ts:12:\d+/ },
  ),
  composition('a kind in small letters', [["kind: 'Shop'", "kind: 'shop'"]], /"shop" cannot be a kind/, /PascalCase/, {
    place: /shop\.ts:\d+:\d+|shop\.ts/,
  }),
  composition(
    'the same object in a function of the author',
    [
      [
        'export const shop',
        'function nameOf(value: string): string {\n  return ⟦value.toUpercase();\n}\nexport const shop',
      ],
      ["image: 'nginx:1.27'", 'image: nameOf(spec.name)'],
    ],
    /toUpercase/,
    /toUpperCase/,
  ),
  statement('a class', '⟦class A { x = 1 } const x = 2;', /a class inside a composition/, /define it outside/),
  statement('a part of parsed JSON', 'const x = JSON.parse(spec.name).a;', /may be absent/, /default with \?\?/, {
    place: /shop\.ts:12:65/,
  }),
  composition('an id of two resources in two functions', [["id: 'svc'", "id: ['app'][0]!"]], /id "app"/, /its own id/, {
    place: /shop\.ts:12:17/,
  }),
];
