import { expect, test } from 'vitest';
import { z } from 'zod';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { createCompositionApi } from '@typekro/sdk/compose';
import { SOURCE } from '../../../packages/sdk/src/compose/source/transform-data.ts';
import { Deployment, Service } from '../../../packages/sdk/src/factories/simple/index.ts';

const { kubernetesComposition } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('no cluster here')),
});

const spec = z.object({
  name: z.string(),
  replicas: z.number().int(),
  image: z.string().optional(),
  hosts: z.array(z.string()).optional(),
  tls: z.object({ on: z.boolean(), secret: z.string().optional() }).optional(),
  tier: z.enum(['a', 'b']).optional(),
});

const SPECS: readonly JsonObject[] = [
  { name: 'web', replicas: 3, image: 'nginx:1', hosts: ['a.x', 'b.x'], tls: { on: true, secret: 's' }, tier: 'a' },
  { name: 'w', replicas: 0 },
  { name: 'q-1', replicas: 1, hosts: [], tls: { on: false }, tier: 'b' },
];

const condition = (type: string, status: string, reason?: string): JsonObject => ({
  type,
  status,
  ...(reason === undefined ? {} : { reason }),
  lastTransitionTime: '2024-01-01T00:00:00Z',
  message: `about ${type}`,
});

const http = { port: 80, protocol: 'TCP' };

/** States of the two resources in a cluster: with all fields, with almost no fields, and after a failure. */
const OBSERVED: readonly { readonly d: JsonObject; readonly svc: JsonObject }[] = [
  {
    d: {
      status: {
        replicas: 3,
        readyReplicas: 3,
        availableReplicas: 3,
        observedGeneration: 1,
        conditions: [condition('Available', 'True', 'MinimumReplicasAvailable'), condition('Progressing', 'True')],
      },
    },
    svc: {
      spec: { clusterIP: '10.0.0.1', ports: [{ ...http, nodePort: 30_000 }] },
      status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }, { hostname: 'h' }] } },
    },
  },
  {
    d: { status: {} },
    svc: { spec: { clusterIP: '10.0.0.1', ports: [http] }, status: { loadBalancer: {} } },
  },
  {
    d: {
      status: {
        replicas: 1,
        unavailableReplicas: 1,
        observedGeneration: 1,
        conditions: [condition('Available', 'False'), condition('Progressing', 'False', 'ProgressDeadlineExceeded')],
      },
    },
    svc: {
      spec: { clusterIP: '10.0.0.1', ports: [http] },
      status: { loadBalancer: { ingress: [{ hostname: 'lb.example' }] } },
    },
  },
];

/** Bodies of status builders that check for a value before they read it. */
const STATUS_BUILDERS: readonly string[] = [
  "return { ip: svc.status.loadBalancer?.ingress?.[0]?.ip ?? svc.status.loadBalancer?.ingress?.[0]?.hostname ?? 'pending' };",
  "const ing = svc.status.loadBalancer?.ingress ?? []; return { n: ing.length, ips: ing.map(i => i.ip ?? i.hostname ?? '?'), any: ing.some(i => i.ip !== undefined) };",
  "const lb = svc.status.loadBalancer?.ingress?.[0]; return { h: lb ? lb.ip ?? lb.hostname ?? 'x' : 'none' };",
  "const lb = svc.status?.loadBalancer?.ingress?.find(i => i.hostname); return { h: lb?.hostname ?? 'none', u: lb ? `http://${lb.hostname}` : 'no url' };",
  "const c = d.status.conditions?.find(c => c.type === 'Available'); return { s: c?.status ?? 'Unknown', ok: c?.status === 'True', r: c?.reason ?? 'none', m: c ? c.message : 'no' };",
  "const ready = d.status.readyReplicas ?? 0; return { phase: ready >= spec.replicas ? 'Ready' : ready > 0 ? 'Degraded' : 'Down', pct: spec.replicas > 0 ? Math.round(ready / spec.replicas * 100) : 100, s: `${ready}/${spec.replicas}` };",
  "const { readyReplicas = 0, availableReplicas = 0, replicas = 0 } = d.status; return { r: readyReplicas, a: availableReplicas, ok: replicas > 0 && readyReplicas === replicas };",
  "const map = Object.fromEntries((d.status.conditions ?? []).map(c => [c.type, c.status])); return { map, av: map.Available ?? 'Unknown', pr: map['Progressing'] === 'True' };",
  "const bad = (d.status.conditions ?? []).filter(c => c.status !== 'True'); return { n: bad.length, names: bad.map(c => c.type).join(','), first: bad[0]?.reason ?? 'none', healthy: bad.length === 0 };",
  "if (!d.status.conditions) return { phase: 'Pending' }; if (d.status.conditions.some(c => c.type === 'Progressing' && c.status === 'False')) return { phase: 'Failed' }; return { phase: d.status.conditions.every(c => c.status === 'True') ? 'Ready' : 'Progressing' };",
  "const host = spec.hosts?.[0] ?? svc.metadata.name; const scheme = spec.tls?.on ? 'https' : 'http'; return { url: `${scheme}://${host}`, all: (spec.hosts ?? []).map(h => `${scheme}://${h}`) };",
  "const port = svc.spec.ports[0]?.nodePort ?? svc.spec.ports[0]?.port ?? 0; return { port, p: svc.spec.ports.map(p => `${p.port}/${p.protocol ?? 'TCP'}`) };",
  "return { secret: spec.tls?.secret ?? (spec.tls?.on ? `${spec.name}-tls` : 'none'), t: spec.tier ?? 'a', big: spec.tier === 'b' || spec.replicas > 2 };",
  "const phases = { a: 'Alpha', b: 'Beta' }; return { p: spec.tier ? phases[spec.tier] : 'None', q: phases[spec.tier ?? 'a'] };",
  "const [repo, tag = 'latest'] = (spec.image ?? 'nginx').split(':'); return { repo, tag };",
  "const reasons = (d.status.conditions ?? []).map(c => c.reason).filter(r => r !== undefined); return { reasons, n: reasons.length, last: reasons.at(-1) ?? 'none' };",
  "const reasons = (d.status.conditions ?? []).filter(c => c.reason).map(c => `${c.type}:${c.reason}`); return { reasons: reasons.join('; ') || 'fine' };",
  "const c = (d.status.conditions ?? []).reduce((acc, c) => ({ ...acc, [c.type]: c.status === 'True' }), {}); return { c };",
  "let msg = 'ok'; for (const c of d.status.conditions ?? []) { if (c.status === 'False') { msg = `${c.type} failed`; break; } } return { msg };",
  "const up = (d.status.readyReplicas ?? 0) > 0 && !!svc.status.loadBalancer?.ingress?.length; return { up, why: up ? 'up' : svc.status.loadBalancer?.ingress?.length ? 'pods' : 'lb' };",
  "const isReady = (x) => (x.status.readyReplicas ?? 0) >= spec.replicas; const describe = (x, n) => `${n}:${isReady(x) ? 'yes' : 'no'}`; return { a: describe(d, 'd') };",
  "const parts = []; if (spec.image) parts.push(spec.image); if (d.status.conditions?.length) parts.push(`${d.status.conditions.length}c`); parts.push('end'); return { s: parts.join('|'), n: parts.length };",
  "const age = d.status.conditions?.[0]?.lastTransitionTime ?? 'never'; return { age, year: age.slice(0, 4) };",
  "switch (d.status.conditions?.find(c => c.type === 'Available')?.status) { case 'True': return { s: 'up' }; case 'False': return { s: 'down' }; default: return { s: 'unknown' }; }",
  "const u = d.status.unavailableReplicas; return { u: u ?? 0, z: (u ?? 0) === 0, g: d.status.observedGeneration ?? -1 };",
  "const o = { ready: d.status.readyReplicas ?? 0, want: spec.replicas, ...(spec.tls?.on && { tls: spec.tls.secret ?? 'auto' }), ...(spec.hosts?.length ? { host: spec.hosts[0] } : {}) }; return o;",
  "const list = [spec.image, spec.tier, spec.tls?.secret].filter(x => x !== undefined); return { list, s: list.join(), n: list.length };",
  "const eps = (svc.status.loadBalancer?.ingress ?? []).flatMap(i => svc.spec.ports.map(p => `${i.ip ?? i.hostname ?? ''}:${p.port}`)); return { eps };",
  "const sorted = [...(d.status.conditions ?? [])].map(c => c.type).sort(); return { first: sorted[0] ?? 'none', all: sorted.join() };",
  "const t = d.status.conditions?.filter(c => c.status === 'True').length ?? 0; const all = d.status.conditions?.length ?? 0; return { r: all === 0 ? 'n/a' : `${(t / all * 100).toFixed(0)}%` };",
];

type Build = (given: JsonObject) => JsonObject;

const sourceOf = (body: string) => `(spec) => {
  const d = Deployment({ id: 'd', name: spec.name, image: 'nginx', replicas: spec.replicas });
  const svc = Service({ id: 'svc', name: spec.name, ports: [{ port: 80 }], selector: { app: spec.name } });
  ${body}
}`;

/** The same, with resources that only some instances have, and with `?.` at each of their reads. */
const conditionalSourceOf = (body: string) =>
  sourceOf(body.replaceAll(/\b(d|svc|x)\.(status|spec)\??\./g, '$1?.$2?.').replace('} = d.status', '} = d?.status ?? {}'))
    .replace('= Deployment(', '= spec.replicas < 1 ? undefined : Deployment(')
    .replace('= Service(', '= spec.tls === undefined ? undefined : Service(');

/** Compiles the source of a composition. `factories` are the variables that the source can use. */
function instantiate(source: string, factories: Readonly<Record<string, unknown>>): Build {
  // eslint-disable-next-line no-new-func -- the program under test
  return new Function(...Object.keys(factories), `return ${source}`)(...Object.values(factories)) as Build;
}

function expectSameStatus(src: string, states: readonly Partial<(typeof OBSERVED)[number]>[]): void {
  const factories = { Deployment, Service };
  const data = { src, file: 'status.js', line: 1, col: 1, vars: factories };
  const build = Object.assign(instantiate(src, factories), { [SOURCE]: data });
  const composition = kubernetesComposition({ name: 'everyday', spec }, build as never);
  composition.toYaml();
  for (const given of SPECS) {
    for (const { d, svc } of states) {
      const metadata = { name: given['name'] as string };
      const native = instantiate(src, { Deployment: () => ({ metadata, ...d }), Service: () => ({ metadata, ...svc }) });
      const wanted = JSON.parse(JSON.stringify(native(structuredClone(given)))) as JsonValue;
      const observed = {
        d: { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: {}, ...d },
        svc: { apiVersion: 'v1', kind: 'Service', metadata, ...svc },
      };
      expect(composition.evaluate(given as never, observed as never).status).toEqual(wanted);
    }
  }
}

test.each(STATUS_BUILDERS)('the status is as in JavaScript: %s', (body) => {
  expectSameStatus(sourceOf(body), OBSERVED);
});

/** Bodies that read a metadata or a port, and would throw in JavaScript without the resource. */
const throwsWithout = (body: string) => /svc\.metadata|\.ports/.test(body);

test.each([
  ...STATUS_BUILDERS.filter((body) => !throwsWithout(body)),
  "return { x: svc.status.loadBalancer?.ingress?.[0]?.ip ?? 'p' };",
  "const n = spec.replicas < 1 ? undefined : d.status.observedGeneration; return { n: n ?? -1, s: typeof n };",
  "return { n: spec.replicas < 1 || d.status.observedGeneration === undefined ? 'none' : `${d.status.observedGeneration}` };",
])('the status of resources that are left out, or have no status yet, is as in JavaScript: %s', (body) => {
  expectSameStatus(conditionalSourceOf(body), [...OBSERVED, {}]);
});
