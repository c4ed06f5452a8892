import { signal } from '@preact/signals';
import { readStored, store } from '../data/stored-values.ts';

/** The colours of the page: those of the system, or a fixed choice. */
export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'typekro-theme';

/** The user's choice. The browser stores the choice, unless its storage is blocked. */
export const theme = signal<Theme>(THEMES.find((name) => name === readStored(() => localStorage, KEY)) ?? 'system');

/** Applies the choice. */
export function applyTheme(): void {
  document.documentElement.dataset['theme'] = theme.value;
}

/** Switches to the next theme. */
export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system';
  store(() => localStorage, KEY, theme.value);
  applyTheme();
}
