import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context, ContextManager, Span, SpanOptions, Tracer } from '@opentelemetry/api';
import * as api from '@opentelemetry/api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createEmbeddedCluster } from '@typekro/cluster';
import { controllerCrds, createController } from '@typekro/controller/controller';
import { KubeClient } from '@typekro/kube';
import { mapResource, pot, potDefinition } from '@typekro/testing/test-support/virtual-world';

interface Recorded {
  readonly name: string;
  readonly parent: string | undefined;
  readonly options: SpanOptions;
  failure: string | undefined;
  ends: number;
}

const spans: Recorded[] = [];

/** A context manager that works like the context manager of OpenTelemetry's SDK for Node. */
class AsyncContexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  active = (): Context => this.#storage.getStore() ?? api.ROOT_CONTEXT;
  with: ContextManager['with'] = (context, work, self, ...args) =>
    this.#storage.run(context, () => work.call(self as never, ...args));
  bind: ContextManager['bind'] = (_context, target) => target;
  enable = () => this;
  disable = () => this;
}

/** Records a span. Its parent is the span in the current context. */
function begin(name: string, options: SpanOptions = {}, context = api.context.active()): Span {
  const active = (api.trace.getSpan(context) as (Span & { readonly recorded: Recorded }) | undefined)?.recorded.name;
  const parent = options.root === true ? undefined : active;
  const recorded: Recorded = { name, parent, options, failure: undefined, ends: 0 };
  spans.push(recorded);
  const span = {
    recorded,
    isRecording: () => recorded.ends === 0,
    setStatus: ({ message = 'error' }) => void (recorded.failure = message),
    recordException: () => undefined,
    end: () => void (recorded.ends += 1),
  };
  return span as unknown as Span;
}

const tracer = {
  startSpan: begin,
  startActiveSpan(name: string, options: SpanOptions, work: (span: Span) => unknown) {
    const span = begin(name, options);
    return api.context.with(api.trace.setSpan(api.context.active(), span), () => work(span));
  },
} as Tracer;

beforeEach(() => {
  spans.length = 0;
  api.context.setGlobalContextManager(new AsyncContexts());
  api.trace.setGlobalTracerProvider({ getTracer: () => tracer });
});
afterEach(() => {
  api.context.disable();
  api.trace.disable();
});

it('a pass is a span that contains its decisions, its writes and their API requests', async () => {
  await using cluster = await createEmbeddedCluster();
  const user = new KubeClient({ transport: cluster.transport() });
  for (const crd of controllerCrds()) await user.create(crd);
  const controller = createController({ client: new KubeClient({ transport: cluster.transport() }), traces: api });
  await controller.start();
  const quiet = async () => {
    for (let times = 0; times < 2; times += 1) {
      await cluster.idle();
      await controller.idle();
    }
  };
  await user.create(potDefinition([mapResource('map', {})]));
  await quiet();
  cluster.faults.add({ resource: 'configmaps', verb: 'patch' }, { kind: 'error', status: 403, reason: 'Forbidden' }, 1);
  await user.create(pot('p'));
  await quiet();
  await controller.stop();
  await user.close();

  expect(spans.every(({ ends }) => ends === 1)).toBe(true);
  // Events are sent later, perhaps during the same pass, so their spans are not compared.
  const isEvent = ({ options }: Recorded) => String(options.attributes?.['url.path']).includes('/events');
  const others = spans.filter((span) => !isEvent(span));
  const tree = new Set(others.map(({ name, parent }) => `${parent ?? 'none'} > ${name}`));
  expect([...tree].sort()).toEqual([
    'apply > PATCH',
    'none > reconcile',
    'reconcile > GET',
    'reconcile > PATCH',
    'reconcile > POST',
    'reconcile > apply',
    'reconcile > evaluate',
  ]);
  const refused = spans.filter(({ options }) => options.attributes?.['http.response.status_code'] === 403);
  expect(refused).toMatchObject([
    {
      name: 'PATCH',
      parent: 'apply',
      failure: 'error',
      options: { kind: api.SpanKind.CLIENT, attributes: { 'url.path': '/api/v1/namespaces/default/configmaps/p-map' } },
    },
  ]);
  expect(spans.find(({ name }) => name === 'evaluate')?.options.attributes).toMatchObject({
    'k8s.object.kind': 'Pot',
    'k8s.object.name': 'p',
  });
});
