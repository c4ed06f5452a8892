import { useEffect, useRef, useState } from 'preact/hooks';

/** The text of a field, and the functions that change it. */
export interface FieldText {
  readonly text: string;
  readonly setText: (text: string) => void;
  /**
   * Records the value that the field passes to the page, such as its trimmed text. This value does not replace the text
   * when the page stores it.
   */
  readonly passOn: (value: string) => void;
}

/**
 * The text of a field whose value is kept elsewhere. The user's text stays, even if it differs from the kept value,
 * until another part of the page changes that value.
 */
export function useFieldText(value: string): FieldText {
  const [text, setText] = useState(value);
  const own = useRef(value);
  useEffect(() => {
    if (value === own.current) return;
    own.current = value;
    setText(value);
  }, [value]);
  return { text, setText, passOn: (passed) => (own.current = passed) };
}
