/** Starts `dashboard-server.ts` in a process of its own. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** An order of the parent process. */
export type DashboardOrder =
  /** `events` instances change. Then the clock of the server moves by `ms`. */
  | { readonly is: 'happen'; readonly events: number; readonly ms: number }
  | { readonly is: 'heap' }
  | { readonly is: 'close' };

/** The answer to an order, and the first message. */
export interface DashboardReport {
  readonly url: string;
  /** The bytes of the heap in use after a collection. 0 unless the order was `heap`. */
  readonly heap: number;
  /** The bytes of the heap in use before the first list, with all modules loaded. */
  readonly before: number;
}

/** A running server. */
export interface DashboardProcess extends DashboardReport {
  order(order: Exclude<DashboardOrder, { is: 'close' }>): Promise<DashboardReport>;
  close(): Promise<void>;
}

/** Starts the server with this number of instances. The instance with details has `nodes` nodes. */
export async function startDashboard(instances: number, nodes: number): Promise<DashboardProcess> {
  const child = fork(fileURLToPath(new URL('dashboard-server.ts', import.meta.url)), [`${instances}`, `${nodes}`], {
    execArgv: ['--expose-gc', '--import', 'tsx'],
  });
  const answer = (): Promise<DashboardReport> =>
    new Promise((resolve, reject) => {
      const onExit = (code: number | null): void => reject(new Error(`the server has ended with ${code}`));
      child.once('exit', onExit);
      child.once('message', (value) => {
        child.off('exit', onExit);
        resolve(value as DashboardReport);
      });
    });
  const first = await answer();
  return {
    ...first,
    order(order) {
      const next = answer();
      child.send(order);
      return next;
    },
    close: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.send({ is: 'close' } satisfies DashboardOrder);
      }),
  };
}
