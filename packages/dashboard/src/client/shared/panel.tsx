import type { ComponentChildren, JSX } from 'preact';
import { Icon } from './icons.tsx';
import { useShortcuts } from './shortcuts.ts';
import { Line } from './parts.tsx';

/** Describes the selection of a graph, in a part of the page next to the graph. */
export function Panel(props: {
  readonly title: string;
  readonly subtitle?: string | undefined;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly onClose: () => void;
  /**
   * True for a content that may have no focusable element, such as text. The content then takes the focus itself, so
   * that keys scroll it.
   */
  readonly isText?: boolean;
}): JSX.Element {
  useShortcuts('Selection', 'selection', [{ keys: 'Escape', description: 'Close the panel', run: props.onClose }]);
  return (
    <aside class="panel" aria-label={props.title}>
      <header class="panel-head">
        <div>
          <h2>{props.title}</h2>
          <Line kind="soft" text={props.subtitle} />
        </div>
        {props.actions}
        <button type="button" class="button quiet" aria-label="Close" title="Close (Esc)" onClick={props.onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div
        class="panel-body"
        {...(props.isText === true ? { tabIndex: 0, role: 'region', 'aria-label': props.title } : {})}
      >
        {props.children}
      </div>
    </aside>
  );
}
