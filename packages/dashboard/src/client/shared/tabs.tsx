import type { ComponentChildren, JSX } from 'preact';
import { useId, useRef } from 'preact/hooks';

/** A tab and its panel. */
export interface Tab {
  readonly id: string;
  readonly label: string;
  /** A number or a sign next to the label. */
  readonly note?: string;
  readonly panel: () => ComponentChildren;
}

/** A row of tabs, and the panel of the selected tab. Arrow keys, Home and End move between the tabs. */
export function Tabs(props: {
  readonly label: string;
  readonly tabs: readonly Tab[];
  readonly selected: string | undefined;
  readonly onSelect: (id: string) => void;
}): JSX.Element {
  const base = useId();
  const list = useRef<HTMLDivElement>(null);
  const index = Math.max(
    0,
    props.tabs.findIndex(({ id }) => id === props.selected),
  );
  const current = props.tabs[index];
  const move = (to: number): void => {
    const next = props.tabs.at(to % props.tabs.length);
    if (next === undefined) return;
    props.onSelect(next.id);
    list.current?.querySelectorAll<HTMLElement>('[role=tab]')[props.tabs.indexOf(next)]?.focus();
  };
  return (
    <div class="tabs">
      <div
        role="tablist"
        aria-label={props.label}
        class="tablist"
        ref={list}
        onKeyDown={(event) => {
          const to = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: -1 }[event.key];
          if (to === undefined) return;
          event.preventDefault();
          move(to);
        }}
      >
        {props.tabs.map(({ id, label, note }) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`${base}-${id}`}
            class="tab"
            aria-selected={id === current?.id}
            aria-controls={`${base}-panel`}
            tabIndex={id === current?.id ? 0 : -1}
            onClick={() => props.onSelect(id)}
          >
            {label}
            {note === undefined ? null : <span class="count">{note}</span>}
          </button>
        ))}
      </div>
      <div
        role="tabpanel"
        id={`${base}-panel`}
        class="tabpanel"
        aria-labelledby={`${base}-${current?.id ?? ''}`}
        tabIndex={0}
      >
        {current?.panel()}
      </div>
    </div>
  );
}

/** A choice between a few values, as a row of buttons. */
export function Segments<Id extends string>(props: {
  readonly label: string;
  readonly options: readonly { readonly id: Id; readonly label: string }[];
  readonly selected: Id;
  readonly onSelect: (id: Id) => void;
}): JSX.Element {
  return (
    <div class="segments" role="group" aria-label={props.label}>
      {props.options.map(({ id, label }) => (
        <button key={id} type="button" aria-pressed={id === props.selected} onClick={() => props.onSelect(id)}>
          {label}
        </button>
      ))}
    </div>
  );
}
