import { type } from 'arktype';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { type Composition, CompositionError, createCompositionApi } from '@typekro/sdk/compose';
import { SOURCE } from '../../../packages/sdk/src/compose/source/transform-data.ts';
import { ConfigMap, Deployment } from '../../../packages/sdk/src/factories/simple/index.ts';

const { kubernetesComposition } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('no cluster here')),
});

interface Input {
  readonly name: string;
  readonly on?: boolean;
}

/**
 * The function of the inner composition. The factory of ConfigMaps is an argument, so that the function also runs as
 * plain JavaScript.
 */
const inner = (make: typeof ConfigMap) => (s: Input) => {
  const c = make({ id: 'c', name: `c-${s.name}`, data: { url: `http://${s.name}` } });
  const d = make({ id: 'd', name: `d-${s.name}`, data: { ready: s.name === 'x' ? 'no' : 'yes', on: String(s.on ?? true) } });
  return { url: `${c.data['url']}/${s.name}/${d.data['on']}`, ready: d.data['ready'] === 'yes' };
};
const App = type({ name: 'string', 'on?': 'boolean' });
const AppStatus = type({ url: 'string', ready: 'boolean' });
const app = kubernetesComposition({ name: 'app', spec: App, status: AppStatus }, inner(ConfigMap) as never);
const SPEC = type({ regions: 'string[]', flag: 'boolean' });

/**
 * Programs that create resources or nested compositions, most of them in loops. Each program must have the same result
 * in JavaScript and as a graph.
 */
const EQUAL: readonly string[] = [
  `const apps = s.regions.map((r) => app({ name: r })); return { urls: apps.map((a) => a.status.url), ready: apps.every((a) => a.status.ready) };`,
  `const apps = []; for (const r of s.regions) apps.push(app({ name: r })); return { urls: apps.map((a) => a.status.url), ready: apps.every((a) => a.status.ready), n: apps.length };`,
  `const apps = []; s.regions.forEach((r) => { apps.push(app({ name: r })); }); return { any: apps.some((a) => a.status.ready), n: apps.filter((a) => a.status.ready).length };`,
  `return { urls: s.regions.map((r) => app({ name: r }).status.url) };`,
  `const urls = []; for (const r of s.regions) { const a = app({ name: r, on: s.flag }); urls.push(r + a.status.url); } return { urls };`,
  `const apps = s.regions.map((r, i) => app({ name: r + i })); return { urls: apps.map((a, i) => i + a.status.url), all: apps.map((a) => a.status) };`,
  `const apps = s.regions.map((r) => ({ r, a: app({ name: r }) })); return { urls: apps.map(({ r, a }) => r + a.status.url), x: apps.some(({ r, a }) => r === 'x' && !a.status.ready) };`,
  `const apps = s.regions.filter((r) => r !== 'x').map((r) => app({ name: r })); return { urls: apps.map((a) => a.status.url) };`,
  `const apps = []; for (const r of s.regions) if (r !== 'x') apps.push(app({ name: r })); return { urls: apps.map((a) => a.status.url) };`,
  `const apps = s.flag ? s.regions.map((r) => app({ name: r })) : []; return { urls: apps.map((a) => a.status.url), n: apps.length };`,
  `const apps = s.flag ? s.regions.map((r) => app({ name: r })) : []; ConfigMap({ id: 'z', name: 'z', data: { u: apps.map((a) => a.status.url).join() } });`,
  `const apps = [...s.regions.map((r) => app({ name: r })), app({ name: 'last' })]; return { urls: apps.map((a) => a.status.url) };`,
  `const apps = s.regions.map((r) => app({ name: r })); ConfigMap({ id: 'z', name: 'z', data: { u: apps.map((a) => a.status.url).join() } });`,
  `const apps = s.regions.map((r) => app({ name: r })); let t = ''; for (const a of apps) if (a.status.ready) t += a.status.url; return { t };`,
  `const apps = s.regions.map((r) => app({ name: r })); return { ok: apps.filter((a) => a.status.ready).map((a) => a.status.url), f: apps.find((a) => !a.status.ready)?.status.url ?? 'none' };`,
  `const apps = s.regions.map((r) => app({ name: r })); return { pairs: apps.map((a) => apps.filter((b) => b.status.ready === a.status.ready).length) };`,
  `const apps = s.regions.map((r) => app({ name: r })); return { n: apps.reduce((n, a) => n + (a.status.ready ? 1 : 0), 0) };`,
  `let ready = true; let t = ''; for (const r of s.regions) { const a = app({ name: r }); ready = ready && a.status.ready; t += a.status.url; } return { ready, t };`,
  `const z = ConfigMap({ id: 'z', name: 'z', data: {} }); const apps = s.regions.map((r) => app({ name: r }).dependsOn(z)); return { urls: apps.map((a) => a.status.url) };`,
  `const z = ConfigMap({ id: 'z', name: 'z', data: {} }); const a = app({ name: 'one' }).dependsOn(z); return { url: a.status.url };`,
  `const l = s.regions.map((r) => { const c = ConfigMap({ id: 'k', name: r, data: { k: r + '!' } }); return r + '=' + c.data.k; }); return { l };`,
  `const l = s.regions.map((r) => ({ c: ConfigMap({ id: 'k', name: r, data: { k: r } }), d: ConfigMap({ id: 'm', name: 'm' + r, data: { k: r } }) })); return { l: l.map((x) => x.c.data.k + x.d.data.k), e: l.every((x) => x.c.data.k === x.d.data.k) };`,
  `const l = s.regions.map((r) => { const w = s.flag ? ConfigMap({ id: 'w', name: r, data: { k: r } }) : undefined; return { k: w?.data.k ?? 'none' }; }); ConfigMap({ id: 'z', name: 'z', data: { a: l.map((m) => m.k).join(), n: String(l.length) } }); return { l: l.map((m) => m.k), n: l.length };`,
  `const l = []; for (const r of s.regions) { const w = s.flag ? ConfigMap({ id: 'w', name: r, data: { k: r } }) : undefined; l.push(w ? w.data.k : r + '-'); } ConfigMap({ id: 'z', name: 'z', data: { a: l.join(), b: l[0] ?? 'first', c: String(l.every((x) => x !== 'x')) } });`,
  `const l = s.regions.map((r) => ({ w: s.flag ? ConfigMap({ id: 'w', name: r, data: { k: r } }) : undefined, v: s.flag ? undefined : ConfigMap({ id: 'v', name: 'v' + r, data: { k: r } }) })); ConfigMap({ id: 'z', name: 'z', data: { a: l.map(({ w, v }) => (w?.data.k ?? 'q') + (v?.data.k ?? 'p')).join() } }); return { a: l.map(({ w, v }) => w?.data.k ?? v?.data.k ?? 'never') };`,
];

/** Programs that are refused: the program, the code of the refusal, and a part of its message. */
const REFUSED: readonly (readonly [string, code: string, text: string])[] = [
  [
    `let n = 0; for (const r of s.regions) { const a = app({ name: r }); n += a.status.ready ? 1 : 0; } return { n };`,
    'trace/no-cel',
    'read the collection after the loop',
  ],
  [
    `const apps = s.regions.flatMap((r) => s.regions.map((q) => app({ name: r + q }))); return { urls: apps.map((a) => a.status.url) };`,
    'trace/no-cel',
    'cannot refer to a single object of a collection',
  ],
  [
    `const apps = s.regions.map((r) => app({ name: r })); ConfigMap({ id: 'z', name: 'z', data: {} }).dependsOn(apps[0]);`,
    'trace/types',
    'dependsOn() takes a resource',
  ],
];

type Program = (s: JsonObject) => JsonObject | undefined;

function program(body: string, vars: { readonly app: unknown; readonly ConfigMap: unknown }): Program {
  const src = `(s) => { ${body} }`;
  // eslint-disable-next-line no-new-func -- the program under test
  const build = new Function('app', 'ConfigMap', `'use strict';\nreturn ${src};`)(vars.app, vars.ConfigMap) as Program;
  return Object.assign(build, { [SOURCE]: { src, file: 'generated.js', line: 1, col: 1, vars } });
}

function traced(body: string): Composition<JsonObject, JsonObject> {
  const composition = kubernetesComposition({ name: 'outer', spec: SPEC }, program(body, { app, ConfigMap }) as never);
  composition.toDefinition();
  return composition as never;
}

/** Runs a program as plain JavaScript. Returns the names of its objects, and its status. */
function native(body: string, given: JsonObject): { readonly names: readonly string[]; readonly status: JsonObject } {
  const names: string[] = [];
  const make = ({ name, data }: { name: string; data: JsonObject }) => {
    names.push(name);
    return { data };
  };
  const call = (s: Input) => {
    const nested = { status: inner(make as never)(s), dependsOn: () => nested };
    return nested;
  };
  return { status: program(body, { app: call, ConfigMap: make })(given) ?? {}, names: names.sort() };
}

const INPUTS: readonly JsonObject[] = [
  { regions: [], flag: true },
  { regions: ['a'], flag: false },
  { regions: ['a', 'x', 'b'], flag: true },
  { regions: ['b', 'a'], flag: false },
];

describe('a loop that creates compositions or resources has the same result as in JavaScript', () => {
  test.each(EQUAL)('%s', (body) => {
    const composition = traced(body);
    for (const given of INPUTS) {
      const { resources, status } = composition.evaluate(given);
      const names = resources.flatMap(({ objects }) => objects.map((o) => (o['metadata'] as JsonObject)['name']));
      expect({ names: names.sort(), status }).toEqual(native(body, given));
    }
  });
});

test.each(REFUSED)('a program is refused at its line: %s', (body, code, text) => {
  const refused = (): unknown => traced(body);
  expect(refused).toThrow(CompositionError);
  expect(refused).toThrow(text);
  expect(refused).toThrow(`[${code}]`);
  expect(refused).toThrow(/\n {4}at generated\.js:1:\d+\n/);
});

test('a status that reads the objects of a loop waits until every object has the fields that the status reads', () => {
  const service = kubernetesComposition(
    { name: 'svc', spec: type({ name: 'string' }), status: type({ ready: 'boolean', id: 'string', at: 'string' }) },
    (s) => {
      const d = Deployment({ id: 'd', name: s.name, image: 'nginx' });
      const c = ConfigMap({ id: 'c', name: s.name, data: {} });
      return { ready: d.status.readyReplicas >= 1, id: `${s.name}-${d.metadata.uid}`, at: c.metadata.uid };
    },
  );
  const outer = kubernetesComposition({ name: 'outer', spec: SPEC }, (s) => {
    const all = s.regions.map((r) => ({ r, svc: service({ name: r }) }));
    return {
      ready: all.every((x) => x.svc.status.ready),
      b: all.some((x) => x.r === 'a' && x.svc.status.ready),
      ids: all.map((x) => x.svc.status.id),
    };
  });
  const live = (name: string, readyReplicas: number) => ({
    metadata: { name, uid: `u${name}` },
    status: { readyReplicas },
  });
  const at = (...observed: JsonObject[]) => outer.evaluate({ regions: ['a', 'b'], flag: true }, { svc1D: observed }).status;
  expect(at(live('b', 1))).toEqual({});
  expect(at(live('a', 0), live('b', 1))).toEqual({ ready: false, b: false, ids: ['a-ua', 'b-ub'] });
  expect(at(live('a', 1), live('b', 1))).toEqual({ ready: true, b: true, ids: ['a-ua', 'b-ub'] });
});
