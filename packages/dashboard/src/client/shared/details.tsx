import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';

/**
 * A part that the user can open and close. Its content is drawn only while the part is open, because many such parts
 * can be in a list.
 */
export function Details(props: {
  readonly summary: ComponentChildren;
  readonly class?: string | undefined;
  /** Is the part open at first? Default: false. */
  readonly isOpen?: boolean;
  readonly content: () => ComponentChildren;
}): JSX.Element {
  const [isOpen, setOpen] = useState(props.isOpen ?? false);
  return (
    <details class={props.class} open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{props.summary}</summary>
      {isOpen ? props.content() : null}
    </details>
  );
}

/** The first items of a long list, and the number of the other items. */
export function FirstItems<Item>(props: {
  readonly items: readonly Item[];
  readonly max: number;
  /** The items in the plural, for example `writes`. */
  readonly what: string;
  readonly draw: (item: Item) => ComponentChildren;
}): JSX.Element {
  const { items, max, what, draw } = props;
  return (
    <>
      {items.slice(0, max).map(draw)}
      {items.length > max ? (
        <li class="soft">
          {(items.length - max).toLocaleString('en')} more {what} are not shown.
        </li>
      ) : null}
    </>
  );
}
