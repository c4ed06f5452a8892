import { COMPOSITION } from './base.ts';
import { type Mistake, edit } from './mistake.ts';
import { composition } from './typescript.ts';

/**
 * More mistakes in TypeScript: operations that a composition does not support, and definitions with a wrong structure.
 */
export const programMistakes: readonly Mistake[] = [
  ...(
    [
      [
        'a timer',
        '⟦setTimeout(() => Deployment({ name: spec.name, image: "x" }), 5);',
        /no clock/,
        /create the resource immediately/,
      ],
      [
        'Promise.all',
        "⟦Promise.all(spec.regions.map((r) => Deployment({ name: r, image: 'x' })));",
        /a composition does not wait/,
        /leave out Promise\.all/,
      ],
      ['a loop without an end', 'let n = 0; ⟦while (true) { n++; }', /does not end/, /break/],
      [
        'an assignment instead of a comparison',
        'if ((⟦spec as { name: string }).name = "a") console.error(1);',
        /read-only/,
        /===/,
      ],
    ] as const
  ).map(([title, text, reason, remedy]) =>
    composition(title, [['    const app =', `    ${text}\n    const app =`]], reason, remedy),
  ),
  composition(
    'a misspelt field deep in an argument',
    [
      [
        "import { Deployment, Service } from 'typekro/simple';",
        "import { Deployment, Service } from 'typekro/simple';\nimport { job } from 'typekro/kubernetes';",
      ],
      [
        '    const app =',
        '    job({\n      name: spec.name,\n      spec: {\n        ⟦backofLimit: 2,\n        template: { spec: { restartPolicy: "Never", containers: [{ name: "m", image: "m" }] } },\n      },\n    } as any);\n    const app =',
      ],
    ],
    /no field "backofLimit"/,
    /backoffLimit/,
  ),
  composition(
    'environment variables in a list of pairs',
    [
      [
        '    const app =',
        "    Deployment({ name: 'b', image: 'x', env: [{ ⟦LEVEL: 'info' }] as never });\n    const app =",
      ],
    ],
    /no field "LEVEL"/,
    /write \{ name: 'LEVEL', value: 'info' \}/,
  ),
  composition(
    'an instance instead of a spec',
    [
      [
        '  },\n);\n',
        "  },\n);\nexport const one = shop.toInstance({ spec: ⟦{ name: 'a', replicas: 1, regions: [] } } as any);\n",
      ],
    ],
    /the fields of the spec are below "spec"/,
    /pass the spec itself: \{ name/,
  ),
  composition(
    'a readiness that returns nothing',
    [
      [
        '    return {',
        '    ⟦app.withReadyWhen((self) => {\n      void self.status.readyReplicas;\n    });\n    return {',
      ],
    ],
    /withReadyWhen\(\) gets no condition/,
    /a function that returns a condition/,
  ),
  composition(
    'an external reference with its arguments in another order',
    [
      [
        "import { kubernetesComposition } from 'typekro';",
        "import { externalRef, kubernetesComposition } from 'typekro';",
      ],
      ["image: 'nginx:1.27'", "image: (⟦externalRef('ConfigMap', 'v1', 'platform') as any).data.image"],
    ],
    /apiVersion and kind are in the wrong order/,
    /write 'v1' as the apiVersion/,
  ),
  composition(
    'a read of a file whose name comes from the spec',
    [
      ["import { type } from 'arktype';", "import { readFileSync } from 'node:fs';\nimport { type } from 'arktype';"],
      ["image: 'nginx:1.27'", 'image: ⟦readFileSync(`./${spec.name}.txt`, "utf8")'],
    ],
    /readFileSync\(\) needs a value that is known while the graph is built/,
    /before the composition/,
  ),
  composition(
    'a field of two types',
    [["regions: 'string[]' });", "regions: ⟦'string | number' });"]],
    /no type for number or string/,
    /choose one type/,
  ),
  composition(
    'a pattern with look-around',
    [["image: 'nginx:1.27'", "image: ⟦spec.name.replace(/(?<=-)prod$/, 'p')"]],
    /has look-around/,
    /put it back/,
  ),
  composition(
    'a spec from the environment',
    [
      [
        '  },\n);\n',
        "  },\n);\nexport const one = shop.toInstance({ name: 'a', replicas: ⟦(process.env.NONE ?? '3') as any, regions: [] });\n",
      ],
    ],
    /the string "3"/,
    /Number\(…\)/,
  ),
  composition(
    'two calls of a helper that create the same name',
    [
      [
        '    const app =',
        '    const page = (n: string) =>\n      Deployment({ name: `${spec.name}-${n}`, image: "x" });\n    page("a");\n    page("a");\n    const app =',
      ],
    ],
    /are the same Deployment/,
    /different names/,
    { place: /shop\.ts:1\d:26[\s\S]*called from shop\.ts:1\d:5/, exit: 0 },
  ),
  composition(
    'a status of the composition itself',
    [['    const app =', '    if ((⟦shop as any).status.ready) console.error(1);\n    const app =']],
    /shop has no value while the composition is traced/,
    /from its resources/,
  ),
  composition(
    'two compositions with the same name',
    [
      [
        '  },\n);\n',
        "  },\n);\nexport const again = kubernetesComposition({ name: ⟦'shop', spec: Spec }, () => ({}));\n",
      ],
    ],
    /ResourceGraphDefinition kro\.run\/v1alpha1 shop is in the files twice; the first is shop\.ts:8:21/,
    /another name/,
  ),
  composition(
    'the function as the first argument',
    [
      [
        '  },\n);\n',
        '  },\n);\nexport const other = (⟦kubernetesComposition as any)((spec: any) => ({}), { name: "x" });\n',
      ],
    ],
    /the first argument is a function, not the definition/,
    /kubernetesComposition\(\{ name, spec, status \}/,
  ),
  composition(
    'a list returned',
    [['    return { ready:', '    return ⟦[app, svc] as any;\n    return { ready:']],
    /returns a list, but a status is an object/,
    /return \{ field: value/,
    { place: /shop\.ts:14:\d+/ },
  ),
  composition(
    'a misspelt type in an arktype schema',
    [["replicas: 'number.integer'", "replicas: ⟦'nubmer'"]],
    /'nubmer' is unresolvable/,
    /did you mean 'number'/,
  ),
  composition(
    'a Windows path in an import',
    [["import { type } from 'arktype';", "import { type } from 'arktype';\nimport ⟦'.\\\\labels';"]],
    /is not a valid module name/,
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
  ...(
    [
      [
        "const shop = kubernetesComposition(\n  { name: 'shop',",
        "const shop = ⟦kubernetesComposition(\n  { name: 'A_b',",
        /A_b/,
        /lowercase/,
      ],
      [
        '    return {',
        "    // of both\n    ⟦Deployment({ id: 'app', name: 'b', image: 'b' });\n    return {",
        /id "app"/,
        /its own id/,
      ],
      [
        '  },\n);\n',
        "  },\n);\nexport const a = shop.⟦toInstance({ name: 'a', replicas: 1 } as never);\n",
        /regions: Required/,
        /add regions/,
      ],
    ] as const
  ).flatMap(([from, to, reason, remedy]) =>
    ['shop.ts', 'shop.cts'].map((file) =>
      composition(`${file}: ${reason}`, [], reason, remedy, { files: { [file]: edit(COMPOSITION, [from, to]) } }),
    ),
  ),
];
