import { useState } from 'preact/hooks';

/** The opened collections and groups of a picture, and the function that opens or closes one. */
export function useOpened(): readonly [ReadonlySet<string>, (id: string) => void] {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const toggle = (id: string): void =>
    setOpened((before) =>
      before.has(id) ? new Set([...before].filter((other) => other !== id)) : new Set([...before, id]),
    );
  return [opened, toggle];
}
