import { describe, expect, test } from 'vitest';
import { typekroWebpackLoader } from './plugin.ts';
import { canStripTypes } from './strip-types.ts';
import load from './webpack-loader.ts';

/** Calls the loader as webpack does. */
function run(
  file: string,
  code: string,
  map?: object,
  options = {},
): { readonly code: string; readonly map: object | undefined } {
  let result: { readonly code: string; readonly map: object | undefined } | undefined;
  load.call(
    {
      resourcePath: file,
      getOptions: () => options,
      callback: (_, written, writtenMap) => {
        result = { code: written, map: writtenMap };
      },
    },
    code,
    map,
  );
  if (result === undefined) throw new Error('the loader did not call back');
  return result;
}

describe('the webpack loader', () => {
  test('is the file that the plugin exports', async () => {
    expect(((await import(typekroWebpackLoader)) as { default: unknown }).default).toBe(load);
  });

  test('attaches sources and returns a map to the author’s text', () => {
    const { code, map } = run('/app/a.js', 'const f = () => 1;');
    expect(code).toContain('src: "() => 1", file: "/app/a.js", line: 1, col: 11');
    expect(map).toMatchObject({ version: 3, sources: ['/app/a.js'] });
  });

  test('has the author’s positions after a loader that removed the types', () => {
    // The mapping leads to the second line of the author's text, from its fifth column on.
    const earlier = { version: 3, sources: ['a.ts'], names: [], mappings: 'AACI,UAAU' };
    const { code, map } = run('/app/a.ts', 'const f = () => 1;', earlier);
    expect(code).toContain('file: "/app/a.ts", line: 2, col: 15');
    expect(map).toMatchObject({ sources: ['/app/a.ts'] });
  });

  test.skipIf(canStripTypes)('reports a remedy if it cannot remove types', () => {
    expect(() => run('/app/a.ts', 'const f = (a: string) => a;')).toThrow(/still has its types/);
  });

  test('transforms only included files', () => {
    const options = { include: (file: string) => file !== '/app/b.js' };
    expect(run('/app/b.js', 'const f = () => 1;', undefined, options).code).toBe('const f = () => 1;');
    expect(run('/app/a.js', 'const f = () => 1;', undefined, options).code).toContain('src: ');
  });

  test.each([
    ['/app/node_modules/x/a.js', 'const f = () => 1;'],
    ['/app/style.css', 'a {}'],
    ['/app/a.js', 'const a = 1;'],
  ])('does not change %s', (file, code) => {
    const map = {};
    expect(run(file, code, map)).toEqual({ code, map });
  });
});
