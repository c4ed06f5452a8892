import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

/** A shortcut of the dashboard: its keys, its description and its action. */
export interface Shortcut {
  /** One key as the browser names it, or two keys that follow each other (`g i`). */
  readonly keys: string;
  readonly description: string;
  readonly run: () => void;
}

/** The parts of the page that have keys, from the whole page to the innermost part. */
const DEPTHS = ['page', 'view', 'graph', 'selection'] as const;

/** A part of the page with its keys, for the help. */
export interface ShortcutGroup {
  readonly title: string;
  readonly depth: (typeof DEPTHS)[number];
  readonly shortcuts: readonly Shortcut[];
}

/** The keys that currently work. The last group belongs to the innermost part of the page. */
export const shortcutGroups = signal<readonly ShortcutGroup[]>([]);

/** The longest time between the two keys of a sequence, in milliseconds. */
const MAX_SEQUENCE_MS = 1200;

/**
 * The groups with `added`, sorted by depth. Without sorting, groups of inner components would come first, because the
 * effects of inner components run first.
 */
export const withShortcutGroup = (groups: readonly ShortcutGroup[], added: ShortcutGroup): ShortcutGroup[] =>
  [...groups, added].toSorted((a, b) => DEPTHS.indexOf(a.depth) - DEPTHS.indexOf(b.depth));

/**
 * Registers shortcuts while a component is shown. A key of an inner part takes precedence over the same key of an outer
 * part.
 */
export function useShortcuts(title: string, depth: ShortcutGroup['depth'], shortcuts: readonly Shortcut[]): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  const description = shortcuts.map(({ keys, description: text }) => `${keys} ${text}`).join('\n');
  useEffect(() => {
    // The group is registered again only when its texts change. Its shortcuts call the functions of the latest
    // rendering.
    const group: ShortcutGroup = {
      title,
      depth,
      shortcuts: latest.current.map(({ keys, description: text }) => ({
        keys,
        description: text,
        run: () => latest.current.find((shortcut) => shortcut.keys === keys)?.run(),
      })),
    };
    shortcutGroups.value = withShortcutGroup(shortcutGroups.value, group);
    return () => {
      shortcutGroups.value = shortcutGroups.value.filter((other) => other !== group);
    };
  }, [title, depth, description]);
}

/** The first key of a sequence, and its time. */
export interface PendingKey {
  readonly key: string;
  readonly at: number;
}

/**
 * The shortcut of a key. A sequence of the pending key and this key takes precedence over this key alone. An inner part
 * of the page takes precedence over an outer part.
 */
export function findShortcut(
  groups: readonly ShortcutGroup[],
  key: string,
  pending: PendingKey | undefined,
  now: number,
): Shortcut | undefined {
  const all = groups.toReversed().flatMap(({ shortcuts }) => shortcuts);
  const isSequence = pending !== undefined && now - pending.at <= MAX_SEQUENCE_MS;
  const sequence = isSequence ? all.find(({ keys }) => keys === `${pending.key} ${key}`) : undefined;
  return sequence ?? all.find(({ keys }) => keys === key);
}

/**
 * Runs the shortcuts of the page. Three groups of keys belong to the browser: keys in a field (except Escape), all keys
 * while a dialog is open, and keys with Ctrl, Alt or Meta.
 */
export function listenToShortcuts(target: Window): void {
  let pending: PendingKey | undefined;
  target.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isField(event.composedPath()[0]) && event.key !== 'Escape') return;
    if (target.document.querySelector('dialog[open]') !== null) return;
    if (event.key.startsWith('Arrow') && focusFirst(target.document)) return event.preventDefault();
    const now = performance.now();
    const shortcut = findShortcut(shortcutGroups.value, event.key, pending, now);
    pending = shortcut === undefined ? { key: event.key, at: now } : undefined;
    if (shortcut === undefined) return;
    event.preventDefault();
    shortcut.run();
  });
}

/** The parts in which the arrow keys change the focused or selected element. The first visible part gets the focus. */
const WITH_ARROWS = ['.box[tabindex="0"]', '[role=grid]', '.cards a', '[role=listbox]'];

/**
 * When no element or `#main` has the focus, moves the focus to the first visible part of `WITH_ARROWS`. Returns false
 * when another element has the focus, and when there is no such part.
 */
function focusFirst({ activeElement, body }: Document): boolean {
  if (activeElement !== body && activeElement?.id !== 'main') return false;
  for (const selector of WITH_ARROWS) {
    const part = body.querySelector<HTMLElement | SVGElement>(`#main ${selector}`);
    if (part?.checkVisibility() !== true) continue;
    part.focus();
    return true;
  }
  return false;
}

/**
 * Is the element a field, or in a field? The caller passes the innermost target, because an editor is in a shadow root.
 */
function isField(target: EventTarget | undefined): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}
