import { describe, expect, test } from 'vitest';
import { CompositionError, kubernetesComposition, opaque } from '@typekro/sdk';
import { SOURCE } from '../../../packages/sdk/src/compose/source/transform-data.ts';
import { ConfigMap } from '../../../packages/sdk/src/factories/simple/index.ts';

interface Spec {
  readonly name: string;
}

const schema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };

const compose = (build: (spec: Spec) => object) =>
  kubernetesComposition({ name: 'app', spec: schema } as never, build as never);

const statusOf = (build: (spec: Spec) => object): unknown => compose(build).evaluate({ name: 'shop' }).status;

describe('each trace reads the current values of the variables outside a function', () => {
  test('a variable that is assigned between two compositions of the same function', () => {
    let mode = 'dev';
    const build = (spec: Spec) => ({ r: mode + spec.name });
    const before = compose(build);
    mode = 'prod';
    expect([before.evaluate({ name: 'shop' }).status, statusOf(build)]).toEqual([
      { r: 'devshop' },
      { r: 'prodshop' },
    ]);
  });

  test('a variable that a helper reads, assigned between two compositions', () => {
    let mode = 'dev';
    const helper = (text: string) => `${text}-${mode}`;
    expect(statusOf((spec) => ({ r: helper(spec.name) }))).toEqual({ r: 'shop-dev' });
    mode = 'prod';
    expect(statusOf((spec) => ({ r: helper(spec.name), n: `${spec.name}1` }))).toEqual({ r: 'shop-prod', n: 'shop1' });
  });

  test('inside a named function expression, its own name hides an outer variable with the same name', () => {
    const step = (text: string): string => `wrong ${text}`;
    const repeat = function step(text: string, times: number): string {
      return times <= 1 ? text : text + step(text, times - 1);
    };
    const itself = function me(text: string): unknown {
      return text === '' ? text : me;
    };
    const status = statusOf((spec) => ({ r: repeat(spec.name, 3), same: itself('x') === itself, s: step('x') }));
    expect(status).toEqual({ r: 'shopshopshop', same: true, s: 'wrong x' });
  });

  test('a variable of a closure that another function increments', () => {
    const make = () => {
      let n = 0;
      return { build: (spec: Spec) => ({ r: `${n}${spec.name}` }), count: () => (n += 1) };
    };
    const made = make();
    expect(statusOf(made.build)).toEqual({ r: '0shop' });
    made.count();
    expect(statusOf(made.build)).toEqual({ r: '1shop' });
  });

  test('a variable that changes to another object or another function', () => {
    let settings = { image: 'a' };
    let decorate = (text: string) => `<${text}>`;
    const build = (spec: Spec) => ({ r: decorate(settings.image + spec.name) });
    expect(statusOf(build)).toEqual({ r: '<ashop>' });
    settings = { image: 'b' };
    decorate = (text) => `[${text}]`;
    expect(statusOf(build)).toEqual({ r: '[bshop]' });
  });

  test('a helper that creates a resource only in the second composition', () => {
    let make: (name: string) => unknown = () => undefined;
    const helper = () => make('fixed');
    const build = (spec: Spec) => {
      helper();
      return { r: spec.name };
    };
    const ids = () => compose(build).evaluate({ name: 'shop' }).resources.map(({ id }) => id);
    expect(ids()).toEqual([]);
    make = (name) => ConfigMap({ id: 'made', name });
    expect(ids()).toEqual(['made']);
  });

  test('a variable that a function increments while the composition is traced', () => {
    let n = 0;
    const next = () => (n += 1);
    const nextTwice = () => [next(), next()].length;
    const hidden = opaque(() => (n += 10));
    expect(statusOf((spec) => {
      next();
      const first = n;
      nextTwice();
      const second = n;
      hidden();
      return { r: `${first}-${second}-${n}-${spec.name}` };
    })).toEqual({ r: '1-3-13-shop' });
  });

  test('a variable that is incremented by calls of every form', () => {
    let n = 0;
    const next = () => (n += 1);
    const held = { inner: { next }, next, through: () => held.inner.next(), each: () => ['a'].map(next) };
    const bound = next.bind(undefined);
    const recursive = (depth: number): number => (depth === 0 ? next() : recursive(depth - 1));
    class Counter {
      constructor() {
        n += 1;
      }
    }
    const build = (spec: Spec) => {
      const seen = [n];
      held.next();
      seen.push(n);
      held.through();
      seen.push(n);
      held.each();
      seen.push(n);
      bound();
      seen.push(n);
      recursive(2);
      seen.push(n);
      const counter = new Counter();
      seen.push(n);
      String(n).padStart(2);
      return { r: seen.join(), name: spec.name, counted: typeof counter };
    };
    expect(statusOf(build)).toEqual({ r: '0,1,2,3,4,5,6', name: 'shop', counted: 'object' });
  });

  test('a module export that the module reassigns', async () => {
    const text = `export let v = 1; export const set = (x) => { v = x; }; export default (s, n = v) => s + n;
      export const build = (spec) => ({ r: v + spec.name });`;
    const module = (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(text)}`)) as {
      readonly set: (value: number) => void;
      readonly default: (text: string) => string;
      readonly build: (spec: Spec) => object;
    };
    const label = module.default;
    expect([statusOf(module.build), statusOf((spec) => ({ r: label(spec.name) }))]).toEqual([{ r: '1shop' }, { r: 'shop1' }]);
    module.set(5);
    expect([statusOf(module.build), statusOf((spec) => ({ q: label(spec.name) }))]).toEqual([{ r: '5shop' }, { q: 'shop5' }]);
  });

  test('a variable that the transform captures', () => {
    let mode = 'dev';
    const build = (spec: Spec) => ({ r: mode + spec.name });
    const vars = Object.defineProperty({}, 'mode', { enumerable: true, get: () => mode });
    Object.assign(build, { [SOURCE]: { src: '(spec) => ({ r: mode + spec.name })', file: 'a.js', line: 1, col: 1, vars } });
    expect(statusOf(build)).toEqual({ r: 'devshop' });
    mode = 'prod';
    expect(statusOf(build)).toEqual({ r: 'prodshop' });
  });
});

/** The places at which a composition is refused. */
function placesOf(build: (spec: Spec) => object): string[] {
  try {
    compose(build);
  } catch (error) {
    if (error instanceof CompositionError)
      return error.diagnostics.map(({ source }) => `${source?.file ?? 'nowhere'}:${source?.line}:${source?.column}`);
    throw error;
  }
  return [];
}

describe('functions with equal source text are distinguished by their places', () => {
  /** Imports a module with two functions of the same source text. `before` shifts their lines. */
  const functions = async (name: string, before: string): Promise<{ readonly [name: string]: (spec: Spec) => never }> => {
    const refused = '(spec) => ({ r: spec.name.localeCompare("b") })';
    const source = `${before}export const first = ${refused};\nexport const second = ${refused};\n//# sourceURL=${name}`;
    return (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(source)}`)) as never;
  };

  test('in one file and in two files', async () => {
    const one = await functions('one.js', '');
    const two = await functions('two.js', '\n\n');
    const all = [one['first'], one['second'], two['second'], two['first'], one['first']];
    expect(all.flatMap((build) => placesOf(build as never))).toEqual([
      'one.js:1:38',
      'one.js:2:39',
      'two.js:4:39',
      'two.js:3:38',
      'one.js:1:38',
    ]);
  });

  test('as helpers', async () => {
    const { first, second } = (await functions('helpers.js', '')) as never as Record<string, (spec: Spec) => object>;
    const both = (spec: Spec) => ({ b: second?.(spec), a: first?.(spec) });
    expect(placesOf(both)).toEqual(['helpers.js:2:39']);
    expect(placesOf((spec) => ({ a: first?.(spec), c: 1 }))).toEqual(['helpers.js:1:38']);
  });
});

/** The messages with which a composition is refused, each with its place. */
function refusalOf(build: (spec: Spec) => object): readonly string[] {
  try {
    compose(build);
  } catch (error) {
    if (!(error instanceof CompositionError)) throw error;
    return error.diagnostics.map(
      ({ message, source }) => `${message} at ${source === undefined ? 'no place' : `${source.line}:${source.column}`}`,
    );
  }
  return [];
}

test('import.meta is refused at its place, but a helper with known arguments may read it', async () => {
  const text = `export const build = (spec) => ({ r: import.meta.url + spec.name });
    const helper = () => import.meta.url.slice(0, 5);
    export const other = (spec) => ({ r: helper() + spec.name });`;
  const module = (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(text)}`)) as {
    readonly build: (spec: Spec) => object;
    readonly other: (spec: Spec) => object;
  };
  expect(refusalOf(module.build)).toEqual(['import.meta has no value while the graph is built at 1:38']);
  expect(statusOf(module.other)).toEqual({ r: 'data:shop' });
});

test('a bound method is refused, and an arrow function that calls the method is accepted', () => {
  const app = {
    prefix: 'p',
    compose(spec: Spec) {
      return { r: this.prefix + spec.name };
    },
  };
  expect(refusalOf(app.compose.bind(app))).toEqual([
    'a bound function cannot be traced: bound compose has no source at no place',
  ]);
  expect(statusOf((spec) => app.compose(spec))).toEqual({ r: 'pshop' });
});

test('a native call that needs the characters of a symbolic string is refused', () => {
  expect(refusalOf((spec) => ({ n: new TextEncoder().encode(spec.name).length }))).toEqual([
    expect.stringMatching(/^encode\(\) needs a value that is known while the graph is built, and spec\.name is not at \d+:\d+$/),
  ]);
});
