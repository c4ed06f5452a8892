import { signal } from '@preact/signals';
import type { JSX } from 'preact';

/** How long a message stays, in milliseconds. */
const SHOWN_MS = 4000;

const message = signal('');
let timer: ReturnType<typeof setTimeout> | undefined;

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
