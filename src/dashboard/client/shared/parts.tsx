import type { ComponentChildren, JSX } from 'preact';
import type { CurrentValue } from '../../../inspect/index.ts';
import type { ApiError } from '../data/api.ts';
import { formatRoute, type Route } from '../data/routes.ts';
import { navigate } from '../data/session.ts';
import { valueText } from '../graph/picture.ts';
import type { Tone } from '../graph/states.ts';
import { stateWord, toneOf } from '../graph/states.ts';
import { announce } from './announcer.tsx';
import { Icon, StateIcon } from './icons.tsx';

/** A link to a place of the page. */
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

/** Copies a command of the shell for what is shown. */
export function CopyCommand(props: { readonly command: string; readonly label?: string }): JSX.Element {
  return (
    <button
      type="button"
      class="button quiet"
      title={props.command}
      onClick={() => void copyText(props.command)}
      aria-label={`${props.label ?? 'kubectl'}: copy ${props.command}`}
    >
      <Icon name="copy" />
      <span>{props.label ?? 'kubectl'}</span>
    </button>
  );
}

/** Copies a text, and shows a message about it. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    announce(`Copied: ${text}`);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    announce('The browser does not allow copies. Copy the text by hand.');
  }
}

/** A paragraph with a text, and nothing without one. `kind` is the class of the paragraph. */
export function Line(props: { readonly text: string | undefined; readonly kind?: string }): JSX.Element | null {
  return props.text === undefined ? null : <p class={props.kind}>{props.text}</p>;
}

/** Why data is absent or old, and what the user does about it. */
export function Problem({ error, what }: { readonly error: ApiError; readonly what: string }): JSX.Element {
  return (
    <div class="notice bad" role="alert">
      <p>
        <strong>{what} cannot be read.</strong> {error.message}.
      </p>
      <Line text={error.problem.remedy} />
    </div>
  );
}

/** A place without content, with the next step of the user. */
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

/** The space of data that has not arrived yet. */
export function Loading({ what }: { readonly what: string }): JSX.Element {
  return (
    <p class="loading" role="status">
      Reading {what} …
    </p>
  );
}

/** A current value as code. */
export function Value({ value }: { readonly value: CurrentValue }): JSX.Element {
  const isAbsent = value.is === 'unknown' || value.is === 'failed';
  return (
    <span class={`value is-${value.is}`} title={isAbsent ? value.message : undefined}>
      {isAbsent ? value.message : valueText(value)}
    </span>
  );
}
