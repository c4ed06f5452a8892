import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Controller, Logger } from '@typekro/controller/controller';
import { createController, optionsFromFlags, parseControllerFlags } from '@typekro/controller/controller';
import { KubeClient, loadKubeConfig } from '@typekro/kube';

/** A controller that another process can stop and start again with other flags. */
export interface ControllerHost {
  /** The command that stops and starts the controller, as `CMD stop` and `CMD start [FLAG…]`. */
  readonly restartCommand: string;
  start(flags: readonly string[]): Promise<void>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Runs this project's controller in this process against a kubeconfig, over sockets. `always`: the flags that each
 * start gets in addition to its own.
 */
export async function hostController(
  kubeconfig: string,
  logger: Logger,
  always: readonly string[] = [],
): Promise<ControllerHost> {
  let running: { controller: Controller; client: KubeClient } | undefined;
  const stop = async () => {
    const current = running;
    running = undefined;
    if (current === undefined) return;
    await current.controller.stop();
    await current.client.close();
  };
  const start = async (flags: readonly string[]) => {
    await stop();
    const parsed = parseControllerFlags([...always, ...flags]);
    if (parsed.errors.length > 0) throw new Error(parsed.errors.join('; '));
    const client = new KubeClient({ config: await loadKubeConfig({ path: kubeconfig }) });
    const controller = createController({ ...optionsFromFlags(parsed), client, logger });
    await controller.start();
    running = { controller, client };
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://host');
    const work = pathname === '/start' ? start(searchParams.getAll('flag')) : stop();
    work.then(
      () => response.end('ok'),
      (error: unknown) => {
        response.statusCode = 500;
        response.end(error instanceof Error ? error.message : String(error));
      },
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const script = new URL('controller-restart.mjs', import.meta.url).pathname;
  return {
    restartCommand: `'${process.execPath}' '${script}' ${port}`,
    start,
    stop,
    async close() {
      await stop();
      server.closeAllConnections();
      server.close();
    },
  };
}
