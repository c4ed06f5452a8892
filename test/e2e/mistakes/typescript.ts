import { COMPOSITION } from './base.ts';
import { type Mistake, edit } from './mistake.ts';

export const composition = (
  title: string,
  changes: readonly (readonly [from: string, to: string])[],
  reason: RegExp,
  remedy: RegExp,
  more: Partial<Mistake> = {},
): Mistake => ({ title, files: { 'shop.ts': edit(COMPOSITION, ...changes) }, reason, remedy, ...more });

/** A mistake in a statement before the composition's resources. */
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
  composition('a missing brace', [['  },\n);\n', '  ,\n);\n']], /expected|unexpected/i, /correct|close|syntax/i, {
    place: /shop\.ts:1\d:\d+/,
  }),
  composition(
    'a misspelt module name',
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
    'a file that does not exist',
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
    'a composition that is not exported',
    [['export const shop', 'const shop']],
    /exports no composition/,
    /export the composition/,
    { place: /shop\.ts:\d+:\d+/ },
  ),
  composition(
    'an error at the top level of the module',
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
    'an error that the author throws',
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
    'a misspelt field of the spec',
    [['replicas: spec.replicas });', 'replicas: ⟦spec.replcas });']],
    /replcas/,
    /did you mean "replicas"/,
  ),
  composition(
    'a misspelt field of a status',
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
    'a regular expression with a lookahead',
    'const x = ⟦spec.name.replace(/a(?=b)/, "");',
    /\(\?=/,
    /put it back: x\.replace\(/,
  ),
  statement('localeCompare', 'const x = ⟦spec.name.localeCompare("a");', /localeCompare/, /<|compare/),
  statement('an unknown method', 'const x = ⟦spec.name.toUpercase();', /toUpercase/, /toUpperCase/),
  statement('a value that may be missing', 'const x = ⟦spec.image.length;', /image/, /\?\./),
  composition('two resources with the same id', [["id: 'svc'", "id: 'app'"]], /id "app"/, /its own id|another/, {
    place: /shop\.ts:12:\d+/,
  }),
  composition('a reserved id', [["id: 'svc'", "id: 'schema'"]], /schema/, /"schemaService"/, {
    place: /shop\.ts:12:\d+/,
  }),
  composition('an id with a space', [["id: 'svc'", "id: 'my svc'"]], /my svc/, /mySvc/, { place: /shop\.ts:12:\d+/ }),
  composition('a port out of range', [['port: 80 }', 'port: 80800 }']], /80800/, /1 to 65535/, {
    place: /shop\.ts:12:\d+/,
  }),
  composition(
    'a label value with a space',
    [['selector: { app: spec.name }', "selector: { app: spec.name }, labels: { a: 'x y' }"]],
    /x y/,
    /letters/,
    { place: /shop\.ts:12:\d+/ },
  ),
  composition('a kind in lower case', [["kind: 'Shop'", "kind: 'shop'"]], /"shop" cannot be a kind/, /PascalCase/, {
    place: /shop\.ts:\d+:\d+|shop\.ts/,
  }),
  composition(
    'an unknown method in a function of the author',
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
  statement(
    'an instance of a class inside the composition',
    '⟦class A { x = 1 } const x = new A().x;',
    /a class inside a composition/,
    /define it outside/,
  ),
  statement(
    'an unused class inside the composition',
    '⟦class A { x = 1 } const x = 2;',
    /a class inside a composition/,
    /define it outside/,
  ),
  statement('a member of parsed JSON', 'const x = JSON.parse(spec.name).a;', /may be absent/, /default with \?\?/, {
    place: /shop\.ts:12:65/,
  }),
  composition(
    'two resources with the same id, one of which is computed',
    [["id: 'svc'", "id: ['app'][0]!"]],
    /id "app"/,
    /its own id/,
    { place: /shop\.ts:12:17/ },
  ),
  ...(
    [
      ['type', "import { type } from 'arktype';\n", '', /shop\.ts:4:14/, 'arktype'],
      ['kubernetesComposition', "import { kubernetesComposition } from 'typekro';\n", '', /shop\.ts:7:21/, 'typekro'],
      ['Deployment', 'Deployment, Service', 'Service', /shop\.ts:11:17/, 'typekro/simple'],
      ['Cel', "image: 'nginx:1.27'", "image: Cel.template('%s', spec.name)", /shop\.ts:11:65/, 'typekro'],
      ['readFileSync', 'export const shop', "readFileSync('a');\nexport const shop", /shop\.ts:8:1/, 'node:fs'],
    ] as const
  ).map(([name, from, to, place, module]) =>
    composition(
      `no import of ${name}`,
      [[from, to]],
      new RegExp(`${name} is not d`),
      new RegExp(`import \\{ ${name} \\} from '${module}'`),
      { place },
    ),
  ),
  composition(
    'a name imported from the wrong module',
    [["{ Deployment, Service } from 'typekro/simple'", "{ ⟦Deployment, Service } from 'typekro'"]],
    /typekro does not export "Deployment"/,
    /import it from 'typekro\/simple'/,
  ),
  composition(
    'a thrown string',
    [['export const shop', "⟦throw 'no settings';\nexport const shop"]],
    /no settings/,
    /change the code/,
  ),
  composition(
    'a thrown object',
    [['export const shop', '⟦throw { code: 5 };\nexport const shop']],
    /"code":5/,
    /change the code/,
  ),
  composition(
    'an error that the author throws in the composition',
    [['    const app =', "    ⟦throw new Error('not yet');\n    const app ="]],
    /not yet/,
    /change the code/,
  ),
  composition(
    'a precondition that reads a live object',
    [['    return ', "    if (app.status.readyReplicas === 0) ⟦throw new Error('no pods');\n    return "]],
    /"no pods" reads the live object of app/,
    /withReadyWhen/,
  ),
  composition(
    'JSON that does not parse',
    [['export const shop', "console.error(JSON.parse('{oops'));\nexport const shop"]],
    /JSON at position/,
    /correct the JSON/,
    { place: /shop\.ts:8:2\d/ },
  ),
  composition(
    'a rejected promise that nothing awaits',
    [['export const shop', "void Promise.reject(⟦new Error('boom'));\nexport const shop"]],
    /boom/,
    /change the code/,
  ),
  composition(
    'process.exit',
    [['export const shop', 'process.⟦exit(4);\nexport const shop']],
    /process\.exit\(4\) is called/,
    /change the code/,
  ),
  composition(
    'a data file that does not exist',
    [
      ["import { type } from 'arktype';", "import { readFileSync } from 'node:fs';\nimport { type } from 'arktype';"],
      ['export const shop', "console.error(⟦readFileSync('config.json'));\nexport const shop"],
    ],
    /no such file.*config\.json/,
    /check the path/,
  ),
  composition(
    'an unknown module of Node',
    [["import { type } from 'arktype';", "import { type } from 'arktype';\nimport ⟦'node:pth';"]],
    /no module node:pth/,
    /node:path/,
  ),
  composition(
    'an unknown type of a schema',
    [["name: 'string', replicas", "name: ⟦'strng', replicas"]],
    /'strng' is unresolvable/,
    /did you mean 'string'/,
  ),
  composition(
    'a plain object instead of a schema',
    [['spec: Spec,', "spec: ⟦{ name: 'string' },"]],
    /the spec is a plain object, not a schema/,
    /spec: type\(/,
  ),
  composition('a definition without a name', [["name: 'shop', apiVersion", 'apiVersion']], /needs a name/, /add name/, {
    place: /shop\.ts:8:21/,
  }),
  composition(
    'a spec with a field of the wrong type',
    [
      [
        '  },\n);\n',
        "  },\n);\nexport const first = shop.toInstance({ name: 'a', replicas: ⟦'three', regions: [] } as never);\n",
      ],
    ],
    /replicas: the string "three" is written where a whole number/,
    /write digits/,
  ),
  composition(
    'a spec without a required field',
    [['  },\n);\n', '  },\n);\nexport const first = shop.⟦toInstance({ replicas: 1, regions: [] } as never);\n']],
    /name: Required value/,
    /add name/,
  ),
  composition(
    'a factory that gets a spec with a field of the wrong type',
    [
      [
        '  },\n);\n',
        "  },\n);\nconst factory = shop.factory('direct', { namespace: 'a' });\nfactory.toYaml({ name: 'a', replicas: ⟦'x', regions: [] } as never);\n",
      ],
    ],
    /replicas: the string "x"/,
    /write digits/,
  ),
  composition(
    'an exported function that creates the composition',
    [['export const shop = kube', '⟦export const shop = () => kube']],
    /"shop" is a function/,
    /export what it returns/,
  ),
  composition(
    'an exported promise of a composition',
    [
      ['export const shop = kube', '⟦export const shop = Promise.resolve(kube'],
      ['  },\n);\n', '  },\n));\n'],
    ],
    /"shop" is a promise/,
    /await it/,
  ),
  composition(
    'an exported promise of an instance, next to the composition',
    [
      [
        '  },\n);\n',
        "  },\n);\n⟦export const one = Promise.resolve(shop.toInstance({ name: 'a', replicas: 1, regions: [] }));\n",
      ],
    ],
    /"one" is a promise; its value is ignored/,
    /export const one = await/,
  ),
  composition(
    'toInstance that is not called',
    [['  },\n);\n', '  },\n);\n⟦export const one = shop.toInstance;\n']],
    /"one" is the function shop\.toInstance, which is not called/,
    /shop\.toInstance\(\{ … \}\)/,
  ),
  {
    title: 'an exported function that no composition wraps',
    files: {
      'shop.ts':
        "import { Deployment } from 'typekro/simple';\n⟦export default (spec: { name: string }) => {\n  Deployment({ name: spec.name, image: 'x' });\n};\n",
    },
    reason: /the default export is a function/,
    remedy: /export default kubernetesComposition\(\{ name, spec, status \}, \(spec\) => …\)/,
  },
  composition(
    'an unset environment variable in a string',
    [["image: 'nginx:1.27'", 'image: `${⟦process.env.NO_SUCH_REGISTRY}/shop`']],
    /variable NO_SUCH_REGISTRY of the environment is not set/,
    /process\.env\.NO_SUCH_REGISTRY \?\? '…'/,
    { command: ['validate', '--strict', 'shop.ts'] },
  ),
  composition(
    'a missing key of a lookup object in a string',
    [
      ["image: 'nginx:1.27'", "image: 'nginx:' + ⟦TAGS['large']"],
      ['export const shop', "const TAGS: Record<string, string> = { small: '1.27' };\nexport const shop"],
    ],
    /TAGS\[['"]large['"]\] is undefined, so the string contains "undefined"/,
    /TAGS\[['"]large['"]\] \?\? '…'/,
    { command: ['validate', '--strict', 'shop.ts'] },
  ),
  composition(
    'an exported object that is not a composition',
    [['export const shop', '⟦export default { a: 1 };\nconst shop']],
    /without apiVersion and kind/,
    /export the composition/,
  ),
  composition(
    'a template in quotes',
    [['name: spec.name, image', 'name: ⟦"${spec.name}-x", image']],
    /is in quotes, so its \$\{spec…\} is printed literally/,
    /backticks/,
    { exit: 3, command: ['validate', '--strict', 'shop.ts'] },
  ),
  composition(
    'a promise as a value of a resource',
    [
      ["image: 'nginx:1.27'", 'image: image as never'],
      ['export const shop', "const image = Promise.resolve('nginx');\nexport const shop"],
    ],
    /a promise is part of a resource/,
    /await it before the composition/,
    { place: /shop\.ts:12:\d+/ },
  ),
  composition(
    'a factory called outside of a composition',
    [['  },\n);\n', "  },\n);\nexport const web = Deployment({ id: 'web', name: 'web', image: 'nginx' });\n"]],
    /made by a factory outside of a composition/,
    /inside the function of kubernetesComposition/,
    { place: /shop\.ts:\d+:\d+/ },
  ),
  composition(
    'a misspelt key of the definition',
    [['spec: Spec, status: Status }', 'spec: Spec, statuss: Status } as never']],
    /a definition has no "statuss"/,
    /did you mean "status"/,
    { place: /shop\.ts:8:\d+/ },
  ),
  statement(
    'a request inside the composition',
    "const x = ⟦fetch('http://127.0.0.1:1/x').then((r) => r.text());",
    /fetch\(\) returns a promise/,
    /await it before the composition/,
  ),
  composition(
    'a timer that throws after the module is loaded',
    [['  },\n);\n', "  },\n);\nsetTimeout(() => {\n  throw ⟦new Error('too late');\n}, 1);\n"]],
    /nothing catches it: too late/,
    /change the code that throws/,
  ),
  composition(
    'a top-level await that never ends',
    [['  },\n);\n', '  },\n);\nconst answer = ⟦await new Promise(() => {});\n']],
    /never finishes loading/,
    /AbortSignal\.timeout/,
  ),
  composition(
    'a program that deploys, given to a command',
    [['  },\n);\n', "  },\n);\nawait shop.factory('kro').⟦deploy({ name: 'a', replicas: 1, regions: [] });\n"]],
    /deploy\(\) is called while a command loads the module/,
    /another file/,
  ),
  {
    title: 'a module that never finishes loading, next to a file with an error',
    files: {
      'wait.ts': 'await new Promise(() => {});\n',
      'b.yaml': 'apiVersion: v1\nkind: Sercet\nmetadata: {name: a}\n',
    },
    place: /^wait\.ts:1:1: error/m,
    reason: /never finishes loading/,
    remedy: /b\.yaml:2:\d+: error[\s\S]*did you mean "Secret"/,
  },
  {
    title: 'modules that import each other',
    files: {
      'shop.ts': "import { b } from './b.ts';\nexport const a = b + 1;\n",
      'b.ts': "import { a } from './shop.ts';\nexport const b = ⟦a + 1;\n",
    },
    command: ['validate', 'shop.ts'],
    reason: /Cannot access 'a' before initialization/,
    remedy: /import each other/,
  },
  composition(
    'an apiVersion that is the group alone',
    [["apiVersion: 'v1alpha1'", "apiVersion: ⟦'example.com'"]],
    /refuses the version "example\.com"/,
    /apiVersion: v1, and next to it group: example\.com/,
  ),
  composition(
    'one port instead of a list of ports',
    [
      ['    const svc = Service({', '    const svc = ⟦Service({'],
      ['ports: [{ port: 80 }]', 'ports: 80 as never'],
    ],
    /ports of Service takes a list, not the number 80/,
    /write ports: \[80\]/,
  ),
  composition(
    'a resource that is read before it is declared',
    [["image: 'nginx:1.27'", 'image: ⟦svc.metadata.name']],
    /Cannot access 'svc' before initialization/,
    /declare svc above this line/,
  ),
  composition(
    'a value at two places, of which one takes another type',
    [['replicas: spec.replicas }', 'replicas: ⟦spec.name as never }']],
    /spec\.replicas takes a number, but spec\.name is a string/,
    /write Number\(spec\.name\)/,
  ),
  composition(
    'null as a label of a selector',
    [['selector: { app: spec.name }', 'selector: { app: ⟦null as never }']],
    /selector\.app is null/,
    /leave the key out/,
  ),
  composition(
    'unfinished CEL',
    [
      ['ready: app.status.readyReplicas === spec.replicas', "ready: ⟦Cel.expr<boolean>('app.status.readyReplicas >')"],
      ['import { kubernetesComposition }', 'import { Cel, kubernetesComposition }'],
    ],
    /ends where a value is expected/,
    /write the value that is missing/,
  ),
];
