import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from './icons.tsx';
import { shortcutGroups } from './shortcuts.ts';

/** Is the list of keyboard shortcuts shown? */
export const isHelpOpen = signal(false);

/** The dialog with the keyboard shortcuts of the page, and of the view that is shown. */
export function Help(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = isHelpOpen.value;
  useEffect(() => {
    if (isOpen && dialog.current?.open === false) dialog.current.showModal();
    if (!isOpen) dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="help-title" onClose={() => (isHelpOpen.value = false)}>
      <header>
        <h2 id="help-title">Keys</h2>
        <button type="button" class="button quiet" aria-label="Close" onClick={() => (isHelpOpen.value = false)}>
          <Icon name="close" />
        </button>
      </header>
      <div class="help-groups">
        {shortcutGroups.value.map(({ title, shortcuts }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {shortcuts.map(({ keys, description }) => (
                <div key={keys}>
                  <dt>
                    {keys.split(' ').map((key) => (
                      <kbd key={key}>{KEY_NAMES[key] ?? key}</kbd>
                    ))}
                  </dt>
                  <dd>{description}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>Lists and the graph</h3>
          <dl>
            <div>
              <dt>
                <kbd>↑</kbd>
                <kbd>↓</kbd>
                <kbd>←</kbd>
                <kbd>→</kbd>
              </dt>
              <dd>The previous or next row, or the nearest box of the graph</dd>
            </div>
            <div>
              <dt>
                <kbd>Home</kbd>
                <kbd>End</kbd>
              </dt>
              <dd>The first or the last row, tab or step</dd>
            </div>
            <div>
              <dt>
                <kbd>Enter</kbd>
              </dt>
              <dd>Open</dd>
            </div>
          </dl>
        </section>
      </div>
    </dialog>
  );
}

const KEY_NAMES: Readonly<Record<string, string>> = { Escape: 'Esc' };
