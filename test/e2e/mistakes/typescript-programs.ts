import type { Mistake } from './mistake.ts';
import { composition } from './typescript.ts';

/** Further mistakes in TypeScript: what a composition cannot do, and definitions that are put together wrongly. */
export const programMistakes: readonly Mistake[] = [
  ...(
    [
      [
        'a timer',
        '⟦setTimeout(() => Deployment({ name: spec.name, image: "x" }), 5);',
        /no clock/,
        /make the resource at once/,
      ],
      [
        'Promise.all',
        "⟦Promise.all(spec.regions.map((r) => Deployment({ name: r, image: 'x' })));",
        /waits for nothing/,
        /leave out Promise\.all/,
      ],
      ['a loop without an end', 'let n = 0; ⟦while (true) { n++; }', /does not end/, /break/],
      [
        'an assignment for a comparison',
        'if ((⟦spec as { name: string }).name = "a") console.error(1);',
        /read-only/,
        /===/,
      ],
    ] as const
  ).map(([title, text, reason, remedy]) =>
    composition(title, [['    const app =', `    ${text}\n    const app =`]], reason, remedy),
  ),
  composition(
    'the function before the definition',
    [
      [
        '  },\n);\n',
        '  },\n);\nexport const other = (⟦kubernetesComposition as any)((spec: any) => ({}), { name: "x" });\n',
      ],
    ],
    /the function stands before the definition/,
    /kubernetesComposition\(\{ name, spec, status \}/,
  ),
  composition(
    'a list returned',
    [['    return { ready:', '    return ⟦[app, svc] as any;\n    return { ready:']],
    /returns a list, and a status is an object/,
    /return \{ field: value/,
    { place: /shop\.ts:14:\d+/ },
  ),
  composition(
    'a misspelt type of arktype',
    [["replicas: 'number.integer'", "replicas: ⟦'nubmer'"]],
    /'nubmer' is unresolvable/,
    /did you mean 'number'/,
  ),
  composition(
    'a Windows path in an import',
    [["import { type } from 'arktype';", "import { type } from 'arktype';\nimport ⟦'.\\\\labels';"]],
    /is no name of a module/,
    /'\.\/labels\.ts'/,
  ),
  composition(
    'a default import of typekro',
    [
      [
        "import { kubernetesComposition } from 'typekro';",
        "import typekro from ⟦'typekro';\nconst { kubernetesComposition } = typekro as any;",
      ],
    ],
    /typekro has no default export/,
    /import \{ … \} from 'typekro'/,
  ),
];
