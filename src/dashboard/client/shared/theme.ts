import { signal } from '@preact/signals';

/** The colours of the page: those of the system, or a fixed choice. */
export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'typekro-theme';

/** The user's choice. The browser keeps it. */
export const theme = signal<Theme>(THEMES.find((name) => name === localStorage.getItem(KEY)) ?? 'system');

/** Applies the choice. */
export function applyTheme(): void {
  document.documentElement.dataset['theme'] = theme.value;
}

/** Chooses the next of the themes. */
export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system';
  localStorage.setItem(KEY, theme.value);
  applyTheme();
}
