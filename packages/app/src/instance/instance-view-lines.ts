import { styleText } from 'node:util';
import { type NodeReport, type Reports, Explanation } from '@typekro/engine/runtime';
import { type Cause, causeText } from '@typekro/kube';
import { widthOf } from '../text/text-layout.ts';
import { columnWidth, printableLine } from '../text/output-text.ts';

/** The data of one instance that `up` shows. */
export interface InstanceView {
  /**
   * The reference of the instance, as a unique key. The title is not unique, because two groups can have a kind with
   * the same name.
   */
  readonly ref: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  /**
   * The state in the controller's report, e.g. `ACTIVE`. `deleted` or `unmanaged` when the report has disappeared.
   * Empty before the controller has seen the instance.
   */
  readonly state: string;
  /** The reason why the instance is not ACTIVE, if no node shows it. */
  readonly message?: string;
  readonly nodes: readonly NodeReport[];
  /** The reasons why the objects of nodes are not ready, keyed by node id. */
  readonly causes?: ReadonlyMap<string, readonly Cause[]>;
}

const MARK: Readonly<Record<Reports.NodeState, string>> = {
  pending: '·',
  skipped: '-',
  blocked: '!',
  applying: '>',
  waiting: '…',
  ready: '✓',
  failed: '✗',
  deleting: '…',
  deleted: '-',
};

const COLOUR: Readonly<Record<Reports.NodeState, 'green' | 'red' | 'yellow' | 'gray' | 'cyan'>> = {
  pending: 'gray',
  skipped: 'gray',
  blocked: 'yellow',
  applying: 'cyan',
  waiting: 'yellow',
  ready: 'green',
  failed: 'red',
  deleting: 'yellow',
  deleted: 'gray',
};

/** Returns the mark of a state, one column wide. */
export function stateMark(state: Reports.NodeState, colour: boolean): string {
  return colour ? styleText(COLOUR[state], MARK[state], { validateStream: false }) : MARK[state];
}

/** Formats the state of a node and its reason. */
export function stateText(node: NodeReport): string {
  // Removes the time of the next retry, which changes while the failure stays the same.
  const reason = printableLine(Explanation.of(node).reason).replace(/; next try at \S+$/, '');
  return `${node.state}${reason === '' ? '' : `: ${reason}`}`;
}

/** Formats the line of a node: mark, id, state and reason. */
export function nodeLine(node: NodeReport, width: number, colour: boolean): string {
  return `  ${stateMark(node.state, colour)} ${node.id.padEnd(width)}  ${stateText(node)}`;
}

/** Formats the line of a node, followed by one line per cause why its objects are not ready. */
export function nodeLines(node: NodeReport, { nodes, causes }: InstanceView, colour: boolean): string[] {
  const width = Math.max(0, ...nodes.map(({ id }) => id.length));
  const shownCauses = node.state === 'ready' ? [] : (causes?.get(node.id) ?? []);
  return [
    nodeLine(node, width, colour),
    ...shownCauses.map((cause) => `    ${' '.repeat(width)}  ${printableLine(causeText(cause))}`),
  ];
}

/** Returns the kind and name of an instance, with its namespace if it has one. */
export const titleOf = ({ kind, namespace, name }: InstanceView): string =>
  `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;

/** Formats one instance: a head line, then its nodes in the order of the graph. */
export function instanceViewLines(view: InstanceView, colour: boolean): string[] {
  const title = titleOf(view);
  const head = `${colour ? styleText('bold', title, { validateStream: false }) : title}  ${view.state || 'waiting for the controller'}`;
  return [head, ...messageLines(view), ...view.nodes.flatMap((node) => nodeLines(node, view, colour))];
}

/** Formats the message of an instance. */
export function messageLines({ message }: InstanceView): string[] {
  return message === undefined ? [] : [`  ${printableLine(message)}`];
}

/** Divides a line into terminal rows. All rows after the first are indented. */
export function wrapLine(line: string, columns: number): string[] {
  const rows: string[] = [];
  let rest = line;
  for (let room = columns; columns > INDENT.length && widthOf(rest) > room;) {
    const at = breakAt(rest, room);
    rows.push((rows.length === 0 ? '' : INDENT) + rest.slice(0, at).trimEnd());
    rest = rest.slice(at).trimStart();
    room = columns - INDENT.length;
  }
  return [...rows, (rows.length === 0 ? '' : INDENT) + rest];
}

const INDENT = '      ';

/**
 * Returns the length of the first part of a text that fits into `room` columns. The part ends after a space if its
 * second half contains one.
 */
function breakAt(text: string, room: number): number {
  let width = 0;
  let at = 0;
  let space = 0;
  while (at < text.length) {
    // oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
    const escape = /^\u001b\[[0-9;]*m/.exec(text.slice(at, at + 12))?.[0];
    const character = escape ?? String.fromCodePoint(text.codePointAt(at) ?? 0);
    width += escape === undefined ? columnWidth(character) : 0;
    if (width > room) break;
    at += character.length;
    if (character === ' ' && width > room / 2) space = at;
  }
  return Math.max(1, space > 0 ? space : at);
}

/**
 * Truncates a line to the terminal's width. A truncated line ends with an ellipsis. Escape sequences have no width and
 * are all kept, so that no colour continues after the line.
 */
export function fitLine(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line;
  let room = columns - widthOf(ELLIPSIS);
  let isCut = false;
  let fitted = '';
  // oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
  for (const [part] of line.matchAll(/\u001b\[[0-9;]*m|./gsu)) {
    if (part.startsWith('\u001b[')) {
      fitted += part;
    } else if (!isCut) {
      room -= columnWidth(part);
      isCut = room < 0;
      if (!isCut) fitted += part;
      else if (columns > 0) fitted += ELLIPSIS;
    }
  }
  return fitted;
}

const ELLIPSIS = '…';
