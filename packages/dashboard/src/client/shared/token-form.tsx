import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { unusualCharacter } from '../data/api-client.ts';
import { enterToken } from '../data/session.ts';

/** Asks for a token of the cluster. The field gets the focus, unless the focus is in another part of the page. */
export function TokenForm(): JSX.Element {
  const [unusual, setUnusual] = useState<string | undefined>(undefined);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const { activeElement } = document;
    if (activeElement === document.body || activeElement?.id === 'main') field.current?.focus();
  }, []);
  return (
    <form
      class="notice bad"
      aria-label="Access"
      onSubmit={(event) => {
        event.preventDefault();
        const token = field.current?.value.trim() ?? '';
        const found = unusualCharacter(token);
        setUnusual(found);
        if (found === undefined) enterToken(token);
        else field.current?.select();
      }}
    >
      <h1 class="visually-hidden">Access</h1>
      <p role="alert">
        <strong>The token is missing or no longer valid.</strong> This server takes tokens of the cluster, and shows
        what their users may read. <code>kubectl create token ACCOUNT -n NAMESPACE</code> prints one.
      </p>
      {unusual === undefined ? null : <p role="alert">{unusualText(unusual)}</p>}
      <div class="token">
        <label for="token">Token</label>
        <input id="token" ref={field} type="password" autocomplete="off" required />
        <button type="submit" class="button">
          Open
        </button>
      </div>
    </form>
  );
}

/** Why a token with this character is not sent. */
export function unusualText(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `The text has the character U+${code}, which no token has. Copy the token again.`;
}
