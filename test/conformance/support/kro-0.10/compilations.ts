import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';

/** The number of compilations of definitions and Graphs, from the metrics of the controller. */
export function compilations(world: VirtualWorld): number {
  const lines = world.controller.metricsText().matchAll(/^graph_revision_compile_total\{[^}]*\} (\d+)$/gm);
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
}
