import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { canStripTypes } from './strip-types.ts';
import { typekroEsbuild } from './esbuild-plugin.ts';

test.skipIf(!canStripTypes)(
  'an import that is used only as a type and has no type keyword is dropped, as without the plugin',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'typekro esbuild-'));
    try {
      await writeFile(join(directory, 'types.ts'), 'export interface Foo { readonly name: string }\n');
      await writeFile(
        join(directory, 'a.ts'),
        `import { kubernetesComposition } from 'typekro';
import { Foo } from './types.ts';
export const made = kubernetesComposition({ name: 'a' }, (spec: Foo) => ({ n: spec.name }));
`,
      );
      const { outputFiles } = await build({
        entryPoints: [join(directory, 'a.ts')],
        bundle: true,
        write: false,
        format: 'esm',
        external: ['typekro'],
        logLevel: 'silent',
        plugins: [typekroEsbuild()],
      });
      expect(outputFiles[0]?.text).toContain('typekro.source');
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
);
