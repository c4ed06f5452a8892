import { count } from '@typekro/kit/core';
import { usesColour } from '../plan/printed/paint.ts';
import type { CommandContext } from '../command.ts';
import { NodeReport } from '@typekro/engine/runtime';
import {
  type InstanceView,
  fitLine,
  instanceViewLines,
  messageLines,
  nodeLines,
  titleOf,
  wrapLine,
} from '@typekro/app/instance';

/** Shows instances as they change. */
export interface LiveView {
  update(views: readonly InstanceView[]): void;
  /** Keeps the last output. The next update is drawn below it. */
  finish(): void;
}

/** Creates the view. On a terminal, it redraws a block in place. On any other output, it prints a line per change. */
export function createLiveView(context: CommandContext): LiveView {
  return context.terminal === undefined ? lineView(context) : blockView(context.terminal, usesColour(context));
}

function lineView(context: CommandContext): LiveView {
  const shown = new Map<string, string>();
  /** The nodes whose last shown state is a failure. */
  const failed = new Set<string>();
  const show = (key: string, line: string) => {
    if (shown.get(key) === line) return;
    shown.set(key, line);
    context.print(line);
  };
  return {
    update(views) {
      for (const view of views) {
        const [head = ''] = instanceViewLines(view, false);
        const [key, title] = [view.ref, titleOf(view)];
        for (const line of messageLines(view)) show(`${key} `, `${title}:${line}`);
        let isNewTry = false;
        for (const node of view.nodes) {
          // A retry of a failed node begins with reads. The state during the reads is not shown, so that a repeated
          // failure prints no new line.
          if (node.because.kind === 'unread' && failed.has(`${key} ${node.id}`)) {
            isNewTry = true;
            continue;
          }
          if (node.state === 'failed') failed.add(`${key} ${node.id}`);
          else failed.delete(`${key} ${node.id}`);
          for (const [index, line] of nodeLines(node, view, false).entries()) {
            show(`${key} ${node.id} ${index}`, `${title}:${line}`);
          }
        }
        if (!isNewTry) show(key, head);
      }
    },
    finish() {},
  };
}

function blockView(terminal: NonNullable<CommandContext['terminal']>, colour: boolean): LiveView {
  let height = 0;
  let drawn = '';
  return {
    update(views) {
      const visible = visibleLines(views, terminal, colour);
      const text = visible.join('\n');
      if (text === drawn) return;
      const up = height > 0 ? `\u001b[${height}A\r` : '';
      terminal.write(`${up}\u001b[0J${text}\n`);
      height = visible.length;
      drawn = text;
    },
    finish() {
      height = 0;
      drawn = '';
    },
  };
}

/**
 * Returns the lines of the instances, reduced until they fit the screen. A block that is higher than the screen cannot
 * be redrawn, because its upper lines have scrolled away. If the lines do not fit, ACTIVE instances are replaced by a
 * summary line. If they still do not fit, nodes that are done or only wait for other nodes are removed, and finally the
 * last lines. The lines of instances wrap at the width of the screen. The summary line is truncated.
 */
function visibleLines(
  views: readonly InstanceView[],
  terminal: { readonly columns: number; readonly rows: number },
  colour: boolean,
): string[] {
  const rows = terminal.rows - 1;
  const wrap = (lines: readonly string[]) => lines.flatMap((line) => wrapLine(line, terminal.columns));
  const linesOf = (view: InstanceView) => ['', ...wrap(instanceViewLines(view, colour))];
  const all = views.flatMap(linesOf);
  if (all.length <= rows) return all;
  const busy = views.filter(({ state }) => state !== 'ACTIVE');
  const summary = `${views.length - busy.length} of ${count(views.length, 'instance')} ACTIVE`;
  const room = Math.max(0, rows - 2);
  const causes = busy.map((view) => ({
    ...view,
    nodes: view.nodes.filter((node) => !NodeReport.isDone(node) && node.because.kind !== 'dependency'),
  }));
  const shown = busy.flatMap(linesOf).length <= room ? busy : causes;
  return ['', fitLine(summary, terminal.columns), ...shown.flatMap(linesOf).slice(0, room)].slice(0, Math.max(1, rows));
}
