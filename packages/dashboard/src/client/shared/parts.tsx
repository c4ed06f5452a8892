import type { ComponentChildren, JSX } from 'preact';
import type { ApiError } from '../data/api-client.ts';
import { connection } from '../data/connection-state.ts';
import type { Remote } from '../data/remote.ts';
import { type Route, formatRoute } from '../data/routes.ts';
import { meta, navigate, addressProblems } from '../data/session.ts';
import { currentValueText } from '../graph/picture.ts';
import { type Tone, stateWord, toneOf } from '../graph/states.ts';
import { type CurrentValue, splitCommand } from '@typekro/controller/inspect';
import { inNewShell, withInput } from '../text/kubectl.ts';
import { Icon, StateIcon } from './icons.tsx';
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';

/** Windows up to this width have one column. The style sheet has the same width. */
const NARROW = '(max-width: 760px)';

/** How long a message stays, in milliseconds. */
const SHOWN_MS = 4000;

const message = signal('');

let timer: ReturnType<typeof setTimeout> | undefined;

/** A link to an address of the page. */
export function Link(props: {
  readonly to: Route;
  readonly class?: string;
  readonly current?: boolean;
  readonly tabIndex?: number;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <a
      href={formatRoute(props.to)}
      class={props.class}
      tabIndex={props.tabIndex}
      aria-current={props.current === true ? 'page' : undefined}
      onClick={(event) => {
        // The browser opens the link in another tab, if the user requests it.
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        navigate(props.to);
      }}
    >
      {props.children}
    </a>
  );
}

/** A state: shape, colour and word. */
export function StateBadge({ state, tone }: { readonly state: string; readonly tone?: Tone }): JSX.Element {
  const look = tone ?? toneOf(state as Parameters<typeof toneOf>[0]);
  return (
    <span class={`badge tone-${look}`}>
      <StateIcon tone={look} />
      {stateWord(state)}
    </span>
  );
}

/** Copies a command in a form that works in a new shell on the server's machine. */
export const copyCommand = (command: string): Promise<void> => copyText(inNewShell(command, meta.value?.commands));

/** A button that copies a shell command for the shown content. */
export function CopyCommand(props: {
  readonly command: string;
  readonly label?: string;
  /** The standard input of the command. The copied text contains this input. */
  readonly input?: string;
}): JSX.Element {
  const command = inNewShell(props.command, meta.value?.commands);
  return (
    <button
      type="button"
      class="button quiet"
      title={command}
      onClick={() => void copyText(props.input === undefined ? command : withInput(command, props.input))}
      aria-label={`${props.label ?? 'kubectl'}: copy ${command}`}
    >
      <Icon name="copy" />
      <span>{props.label ?? 'kubectl'}</span>
    </button>
  );
}

/** A command, shown as it is copied, with its own button. */
export function Command({ command }: { readonly command: string }): JSX.Element {
  const text = inNewShell(command, meta.value?.commands);
  return (
    <div class="command">
      <code tabIndex={0}>{text}</code>
      <button type="button" class="button quiet" aria-label={`Copy ${text}`} onClick={() => void copyText(text)}>
        <Icon name="copy" />
      </button>
    </div>
  );
}

/** What the user can do. A command in the sentence is a block that can be copied. Draws nothing without a text. */
export function Remedy({ text }: { readonly text: string | undefined }): JSX.Element | null {
  if (text === undefined) return null;
  const { before, command, after } = splitCommand(text);
  return (
    <div class="remedy">
      {before === '' ? null : <p>{before}</p>}
      {command === undefined ? null : <Command command={command} />}
      {!after ? null : <p>{after}</p>}
    </div>
  );
}

/** Copies a string to the clipboard, and shows a message about the result. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    announce(`Copied: ${text}`);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    announce('The browser does not allow copies. Copy the text by hand.');
  }
}

/** Draws a paragraph with the text, or nothing without a text. `kind` is the class of the paragraph. */
export function Line(props: { readonly text: string | undefined; readonly kind?: string }): JSX.Element | null {
  return props.text === undefined ? null : <p class={props.kind}>{props.text}</p>;
}

/**
 * A dot between two facts. The style sheet draws the visible dot. The element also contains the character, so that
 * copied text has it.
 */
export function Dot(): JSX.Element {
  return (
    <span class="dot" aria-hidden="true">
      {' · '}
    </span>
  );
}

/** Draws one notice for each of the texts. */
export function Notices({ texts }: { readonly texts: readonly string[] }): JSX.Element {
  return (
    <>
      {texts.map((text) => (
        <p key={text} class="notice">
          {text}
        </p>
      ))}
    </>
  );
}

/** Why data cannot be read or changed, and the remedy. */
export function Problem(props: {
  readonly error: ApiError;
  readonly what: string;
  readonly verb?: string;
}): JSX.Element {
  const { error, what, verb = 'read' } = props;
  return (
    <div class="notice bad" role="alert">
      <p>
        <strong>
          {what} cannot be {verb}:
        </strong>{' '}
        {error.message}.
      </p>
      <Line text={error.problem.remedy} />
    </div>
  );
}

/** Stands in place of content that does not exist yet, and names the next step of the user. */
export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** The notice for an address with a node that the graph does not have. Draws nothing without `id`. */
export function NoNode({ id }: { readonly id: string | undefined }): JSX.Element | null {
  return id === undefined ? null : (
    <p class="notice" role="alert">
      There is no node “{id}” here.
    </p>
  );
}

/** The placeholder for data that has not arrived yet. `since` is the start of a read that takes long. */
export function Loading({ what, since }: { readonly what: string; readonly since?: number | undefined }): JSX.Element {
  return (
    <p class="loading" role="status">
      {since === undefined ? `Reading ${what} …` : `Still reading ${what}, since ${timeOf(since)} …`}
    </p>
  );
}

const timeOf = (ms: number): string => new Date(ms).toLocaleTimeString();

/**
 * What a reader must know about data of the server: the data has not arrived yet, the server refuses the data, or the
 * data is old because the last read failed or takes long. Draws nothing for data that was just read. The view shows the
 * value next to the notice. `what` begins with `the`.
 */
export function ReadNotice(props: { readonly read: Remote<unknown>; readonly what: string }): JSX.Element | null {
  const { what, read } = props;
  const { value, error, readAt = 0, slowSince } = read;
  const isSilent =
    error === undefined || (error.status === 0 && (value === undefined || connection.value.is !== 'live'));
  // If the connection is lost, another notice of the page says so. This notice then does not report a slow read.
  const since = connection.value.is === 'lost' ? undefined : slowSince;
  if (error?.problem.code === 'inspect/no-instance')
    return value === undefined ? (
      <Line kind="soft" text={`The instance was deleted before the page read ${what}.`} />
    ) : null;
  if (value === undefined)
    return isSilent ? <Loading what={what} since={since} /> : <Problem error={error} what={`T${what.slice(1)}`} />;
  if (isSilent)
    return since === undefined ? null : (
      <p class="notice" role="status">
        <strong>
          Still reading {what}, since {timeOf(since)}.
        </strong>{' '}
        The page shows {what} of {timeOf(readAt)}.
      </p>
    );
  return (
    <div class="notice bad" role="alert">
      <p>
        <strong>
          The page shows {what} of {timeOf(readAt)}.
        </strong>{' '}
        The last read failed: {error.message}.
      </p>
      <Line text={error.problem.remedy} />
    </div>
  );
}

/** A current value as code. */
export function Value({ value }: { readonly value: CurrentValue }): JSX.Element {
  const isAbsent = value.is === 'unknown' || value.is === 'failed';
  return (
    <span class={`value is-${value.is}`} title={isAbsent ? value.message : undefined}>
      {isAbsent ? value.message : currentValueText(value)}
    </span>
  );
}

/** Sentences about the parts of the address that the page does not know and leaves out. */
export function AddressProblems(): JSX.Element | null {
  const [...problems] = addressProblems.value;
  return problems.length === 0 ? null : (
    <p class="notice" role="alert">
      {problems.join(' ')} The page ignores this part of the address.
    </p>
  );
}

/** Shows a short message, and reads it to users of a screen reader. */
export function announce(text: string): void {
  message.value = text;
  clearTimeout(timer);
  timer = setTimeout(() => (message.value = ''), SHOWN_MS);
}

/** The element that shows the messages. */
export function Announcer(): JSX.Element {
  return (
    <div class="announcer" role="status" data-empty={message.value === ''}>
      {message.value}
    </div>
  );
}

/** Is the window narrow? */
export function useNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const query = matchMedia(NARROW);
    const update = (): void => setNarrow(query.matches);
    query.addEventListener('change', update);
    return () => query.removeEventListener('change', update);
  }, []);
  return isNarrow;
}
